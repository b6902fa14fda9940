"""The addresses joined with the table, and the question that the leak tests ask of each."""

from django.contrib import admin

from tests.leaks.addresses import addresses
from tests.leaks.asking import Answer, Asker, body_of, difference, path_of, player_of
from tests.leaks.objects import FOREIGN, PARENT, World
from tests.leaks.table import Row, row_of

ALL = {address.name: address for address in addresses()}
ADMIN_KINDS = {f"{m._meta.app_label}.{m._meta.model_name}" for m in admin.site._registry}
KNOWN = {name: row for name, a in ALL.items() if (row := row_of(a, ADMIN_KINDS)) is not None}
TAKING = sorted(name for name, row in KNOWN.items() if row.takes)
PLAIN = sorted(name for name, row in KNOWN.items() if not row.takes and row.who != "public")
NAMING = sorted((name, field) for name, row in KNOWN.items() for field in row.names)


def asker_of(world: World, name: str) -> Asker:
    """Whoever the table says asks at this address."""
    row = KNOWN[name]
    return Asker(row.who, player_of(row, world))


def ask_of(asker: Asker, world: World, name: str, method: str, place: str) -> Answer:
    """Ask an address about the thing at `place`, or about an absent one."""
    address, row = ALL[name], KNOWN[name]
    path, ids = path_of(address, row, world, place)
    body = body_of(row, world) if method == "post" else None
    return asker.ask(method, path, body, hide=ids)


def others(row: Row, world: World) -> list[str]:
    """Places whose things the asker may not know of."""
    places = [*PARENT, *FOREIGN]
    if row.who == "customer":
        places = ["HO", "N", "C2", *FOREIGN]
    return [p for p in places if all(p in world.ids[kind] for kind in row.takes.values() if kind[0] != "=")]


def assert_nothing_leaks(world: World, name: str) -> None:
    """With one wall down: nothing of a neighbour's or of another customer's, at this address."""
    row = KNOWN[name]
    if not row.takes:
        asker = asker_of(world, name)
        path, _ids = path_of(ALL[name], row, world, "")
        assert asker.ask(row.methods[0], path, body_of(row, world)).marks() & {*FOREIGN, "C2"} == set()
        return
    asker = asker_of(world, name)
    for method in row.methods:
        absent = ask_of(asker, world, name, method, "absent")
        for place in others(row, world):
            if place in {"SB", "C2"}:
                answer = ask_of(asker, world, name, method, place)
                assert difference(answer, absent) == "", (method, place)
