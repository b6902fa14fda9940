"""A foreign thing and an absent thing are the same: in status, headers and words, at every address.

Seen by a member of staff who may do everything at North, and by a customer of a branch in North. Marks are planted
in every text of head office's and South's rows and of another customer of the same branch (tests/leaks/objects.py).
"""

import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from campaigns.tenants.scopes import system_scope
from tests.leaks.addresses import Address
from tests.leaks.asking import Asker, body_of, difference, digest_of, path_of, player_of
from tests.leaks.everything import ADMIN_KINDS, ALL, KNOWN, PLAIN, TAKING, ask_of, asker_of, others
from tests.leaks.objects import CHILD, OWN, World
from tests.leaks.table import ROWS, row_of
from tests.support.cast import AT

pytestmark = pytest.mark.django_db(databases=["default", "aside"])


def test_every_address_is_in_the_table(world: World) -> None:
    assert sorted(set(ALL) - set(KNOWN)) == []
    assert sorted(set(ROWS) - set(ALL)) == []
    kinds = {
        kind
        for row in KNOWN.values()
        for kind in (*row.takes.values(), *row.names.values())
        if kind[0] != "="
    }
    assert sorted(kinds - set(world.ids)) == []


def test_an_address_that_the_table_does_not_know_is_noticed() -> None:
    stranger = Address("api:treasury", "api/v1/treasury/<uuid:id>", ("id",), None)
    page = Address(
        "admin:treasury_vault_change", "admin/treasury/vault/<path:object_id>/change/", ("object_id",), None
    )
    assert row_of(stranger, ADMIN_KINDS) is None
    assert row_of(page, ADMIN_KINDS) is None


@pytest.mark.parametrize("name", [n for n in TAKING if "get" in KNOWN[n].methods])
def test_one_reads_ones_own_and_what_lies_below(world: World, name: str) -> None:
    """Or the comparison of foreign and absent would compare two closed doors."""
    row = KNOWN[name]
    asker = asker_of(world, name)
    absent = ask_of(asker, world, name, "get", "absent")
    places = CHILD if row.who == "customer" else (*OWN, *CHILD)
    places = tuple(
        p for p in places if all(p in world.ids[kind] for kind in row.takes.values() if kind[0] != "=")
    )
    assert places
    for place in places:
        answer = ask_of(asker, world, name, "get", place)
        assert answer.status == row.own, (place, answer.status, answer.chain)
        assert answer.marks() == set(), place
        if answer.status == 200:
            assert difference(answer, absent) != "", place


@pytest.fixture(scope="module")
def untouched(world: World, django_db_blocker: DjangoDbBlocker) -> dict[str, str]:
    """The foreign branches' rows before any test; each test's own doings are rolled back."""
    with django_db_blocker.unblock():
        with system_scope(at=AT, cause="leaks"):
            found = digest_of(world)
        for alias in connections:
            connections[alias].close()
    return found


@pytest.mark.parametrize("name", TAKING)
def test_a_foreign_thing_is_answered_like_an_absent_one(
    world: World, untouched: dict[str, str], name: str
) -> None:
    row = KNOWN[name]
    asker = asker_of(world, name)
    for method in row.methods:
        absent = ask_of(asker, world, name, method, "absent")
        for place in others(row, world):
            answer = ask_of(asker, world, name, method, place)
            assert difference(answer, absent) == "", (method, place)
            assert answer.marks() == set(), (method, place)
    with system_scope(at=AT, cause="leaks"):
        assert digest_of(world) == untouched


@pytest.mark.parametrize("name", PLAIN)
def test_a_list_or_form_shows_nothing_foreign(world: World, name: str) -> None:
    row = KNOWN[name]
    asker = Asker(row.who, player_of(row, world))
    path, _ids = path_of(ALL[name], row, world, "")
    for method in row.methods:
        answer = asker.ask(method, path, body_of(row, world))
        assert answer.status < 500
        assert answer.marks() == set(), method
