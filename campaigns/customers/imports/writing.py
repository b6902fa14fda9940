"""Carrying one lot out: the new customers with all that they are known by, and what changes of the known ones.

While the database writes some of them, the next are sealed in a thread: neither waits for the other.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from campaigns.customers.imports import caring, sql
from campaigns.customers.imports.ahead import ahead
from campaigns.customers.imports.lots import CHANGED, NEW, Lot
from campaigns.customers.imports.mapping import Read
from campaigns.customers.imports.verdicts import Judged
from campaigns.customers.models import CustomerFile
from campaigns.customers.selectors import place_of_value
from campaigns.lib import crypto
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope

_TOGETHER = 1_000  # new customers sealed and written by one statement


@dataclass(slots=True)
class Written:
    """What there is to take back, beside the new customers, who stand in import_done.

    `before`: customer -> what of it was changed, from what (see `change_of`).
    """

    before: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Sealed:
    """Some new customers as COPY takes them."""

    made: bytes
    names: bytes
    tags: bytes
    care: bytes


# What is held of a known customer: id, branch, position, attributes, key.
Held = tuple[UUID, int, int, Any, Any]


class Meanwhile(Exception):
    """Somebody whom the lot changes was merged, erased or moved away since the verdict."""


def hold(cursor: Any, *, lot: Lot, judged: Judged) -> list[Held]:
    """Lock whom the lot changes: first of all, since new customers refer to branches (order_of_locks.py).

    Raises Meanwhile.
    """
    wanted = [judged.owners[place] for place in judged.places(CHANGED)]
    if not wanted:
        return []
    cursor.execute(sql.LOCK, [wanted])
    rows: list[Held] = cursor.fetchall()
    if len(rows) < len(set(wanted)):
        raise Meanwhile
    if lot.cared and not _may_still_have(lot, judged, rows):
        raise Meanwhile
    return rows


def _may_still_have(lot: Lot, judged: Judged, rows: Sequence[Held]) -> bool:
    """Whether nobody moved away from whom the lot gives them to."""
    homes = {row[0]: row[2] for row in rows}
    for place in judged.places(CHANGED):
        read = lot.reads[place]
        if (
            isinstance(read, Read)
            and read.cared_by
            and not read.cared_by.for_home(homes[judged.owners[place]])
        ):
            return False
    return True


def write(
    cursor: Any, *, scope: Scope, file: CustomerFile, lot: Lot, judged: Judged, held: Sequence[Held]
) -> Written:
    """Write a judged lot, whose known customers are held, within the present transaction. The tags stand in
    import_tags then, still to be given; the new customers in import_done.
    """
    _stages(cursor)
    if lot.cared:
        cursor.execute("DROP TABLE IF EXISTS import_care")
        cursor.execute(caring.STAGE)
    written = Written()
    given = {"source": file.source, "at": scope.at}
    new = judged.places(NEW)
    pieces = [new[start : start + _TOGETHER] for start in range(0, len(new), _TOGETHER)]
    with ahead(_sealed(lot, piece) for piece in pieces) as sealed:
        for each in sealed:
            _copy(cursor, "import_made", each.made)
            _copy(cursor, "import_names", each.names)
            _copy(cursor, "import_tags", each.tags)
            _copy(cursor, "import_care", each.care)
            # Not TRUNCATE: it would take a lock and a new file each time.
            customers, keys = sql.INSERTS
            cursor.execute(customers, given)
            cursor.execute(keys)
            cursor.execute(sql.INSERT_NAMES, given)
            cursor.execute("DELETE FROM import_made")
            cursor.execute("DELETE FROM import_names")
    ended = _change(cursor, lot, judged, written, given, held)
    if lot.cared:
        # After the customers, old and new, whose rows it stands with.
        caring.begin_care(cursor, scope=scope, source=made_by(file=file), ended=ended)
    return written


def made_by(*, file: CustomerFile) -> str:
    """The source that tags and care of a file carry: what is taken back is found by it."""
    return ref("customers.customerfile", file.pk)


def _stages(cursor: Any) -> None:
    cursor.execute("DROP TABLE IF EXISTS import_made, import_names, import_tags, import_done")
    for stage in sql.STAGES:
        cursor.execute(stage)


def stage_tags(cursor: Any, tags: Mapping[int, Sequence[UUID]]) -> None:
    """Have (tag, customer) stand in import_tags. Where the customers live does not matter for what is ended."""
    _stages(cursor)
    lines = [f"{customer}\t0\t0\t{tag}\n" for tag, customers in tags.items() for customer in customers]
    _copy(cursor, "import_tags", "".join(lines).encode())


def _sealed(lot: Lot, places: Sequence[int]) -> _Sealed:
    made, names, tags, care = [], [], [], []
    for place in places:
        read = lot.reads[place]
        assert isinstance(read, Read) and read.branch is not None
        customer_id, key = new_id(), crypto.new_key()
        home = f"{read.branch[0]}\t{read.branch[1]}"
        wrapped = crypto.wrap_key(key, person=customer_id)
        made.append(
            f"{customer_id}\t{home}\t{_text(read.tail)}\t{_json(read.attributes)}\t\\\\x{wrapped.hex()}\n"
        )
        names += _names(customer_id, key, home, read, lot.lookups[place], range(len(read.known_by)))[1]
        tags += [f"{customer_id}\t{home}\t{tag}\n" for tag in read.tags]
        if lot.cared:
            care.append(caring.line_of_care(customer_id, read.branch, read))
    return _Sealed(*("".join(lines).encode() for lines in (made, names, tags, care)))


def _names(
    customer_id: UUID, key: bytes, home: str, read: Read, lookups: Sequence[bytes], which: Sequence[int]
) -> tuple[list[UUID], list[str]]:
    """Some of a row's names sealed: their ids, and the lines for COPY."""
    seal = crypto.sealer(key)
    ids, lines = [], []
    for nth in which:
        kind, app, value = read.known_by[nth]
        identity_id = new_id()
        place = place_of_value(customer_id=customer_id, identity_id=identity_id)
        ids.append(identity_id)
        lines.append(
            f"{identity_id}\t{customer_id}\t{home}\t{kind}\t{_text(app)}\t\\\\x{lookups[nth].hex()}"
            f"\t\\\\x{seal(value, place).hex()}\n"
        )
    return ids, lines


def _text(text: str) -> str:
    """As COPY reads text."""
    return text.replace("\\", "\\\\") if "\\" in text else text


def _json(value: Any) -> str:
    # JSON has no bare tabs or line breaks.
    return orjson.dumps(value).decode().replace("\\", "\\\\")


def _copy(cursor: Any, stage: str, lines: bytes) -> None:
    if lines:
        with cursor.copy(f"COPY {stage} FROM STDIN") as copy:
            copy.write(lines)


def _change(
    cursor: Any,
    lot: Lot,
    judged: Judged,
    written: Written,
    given: dict[str, Any],
    rows: Sequence[Held],
) -> list[UUID]:
    """What is new of known customers, and what it was before. Returns who goes from one manager to another."""
    ended: list[UUID] = []
    if not rows:
        return ended
    places = {judged.owners[place]: place for place in judged.places(CHANGED)}
    held = _tags_of(cursor, list(places))
    cared_by = caring.held_by(cursor, list(places)) if lot.cared else {}
    ids, values, names, tags, care = [], [], [], [], []
    for customer_id, branch_id, branch_pos, attributes, wrapped in rows:
        place = places[customer_id]
        read = lot.reads[place]
        assert isinstance(read, Read)
        home = f"{branch_id}\t{branch_pos}"
        was = orjson.loads(attributes) if isinstance(attributes, str) else attributes
        change = change_of(was, read.attributes)
        if change["new"]:
            ids.append(customer_id)
            values.append(orjson.dumps(change["new"]).decode())
        if place in judged.missing and wrapped is not None:
            key = crypto.unwrap_key(bytes(wrapped), person=customer_id)
            made, lines = _names(customer_id, key, home, read, lot.lookups[place], judged.missing[place])
            change["names"] = [str(each) for each in made]
            names += lines
        fresh = sorted(set(read.tags) - held.get(customer_id, frozenset()))
        if fresh:
            change["tags"] = fresh
            tags += [f"{customer_id}\t{home}\t{tag}\n" for tag in fresh]
        if read.cared_by and (carer := read.cared_by.for_home(branch_pos)):
            old = cared_by[customer_id]
            if old != carer.person_id:
                change["care"] = {"new": str(carer.person_id), "old": str(old) if old else None}
                care.append(caring.line_of_care(customer_id, (branch_id, branch_pos), read))
                if old:
                    ended.append(customer_id)
        written.before[str(customer_id)] = change
    _copy(cursor, "import_names", "".join(names).encode())
    _copy(cursor, "import_tags", "".join(tags).encode())
    _copy(cursor, "import_care", "".join(care).encode())
    if ids:
        cursor.execute(sql.CHANGE, [ids, values])
    if names:
        cursor.execute(sql.INSERT_NAMES, given)
    return ended


def _tags_of(cursor: Any, customer_ids: list[UUID]) -> dict[UUID, frozenset[int]]:
    cursor.execute(
        "SELECT customer_id, tag_ids FROM customers_profile WHERE customer_id = ANY (%s)", [customer_ids]
    )
    return {customer_id: frozenset(tag_ids) for customer_id, tag_ids in cursor.fetchall()}


def change_of(was: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """What a row changes: `new` values, and the `old` ones of those that had any."""
    new = {code: value for code, value in said.items() if code not in was or was[code] != value}
    return {"new": new, "old": {code: was[code] for code in new if code in was}}


def sealed_before(before: dict[str, Any], *, lot_id: UUID) -> bytes:
    """What was before, as it is kept with the lot."""
    return crypto.seal_here(zlib.compress(orjson.dumps(before)), place=_place(lot_id)) if before else b""


def before_of(sealed: Any, *, lot_id: UUID) -> dict[str, dict[str, Any]]:
    """What was before, again."""
    sealed = bytes(sealed)
    if not sealed:
        return {}
    found: dict[str, dict[str, Any]] = orjson.loads(
        zlib.decompress(crypto.unseal_here(sealed, place=_place(lot_id)))
    )
    return found


def _place(lot_id: UUID) -> str:
    return f"customers_filelot|{lot_id}|before"
