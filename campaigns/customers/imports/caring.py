"""Relationship managers that a file names, by staff number. Nothing of this is asked of a file without such a column.

A spell that a file began carries the file as its `source`: when the file is taken back, the spell ends, and whoever
looked after the customer before does so again, unless somebody has decided otherwise since.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from campaigns.customers.care_rules import Carer
from campaigns.customers.care_selectors import carers_here
from campaigns.customers.imports.lots import CHANGED, NEW, REFUSED, Lot
from campaigns.customers.imports.mapping import CaredBy, Read
from campaigns.tenants.scopes import Scope

STAGE = """
CREATE TEMPORARY TABLE import_care (
    customer_id uuid NOT NULL, branch_id int NOT NULL, branch_pos int NOT NULL, person_id uuid NOT NULL
) ON COMMIT DROP
"""
# Who looks after known customers now, and where they are at home.
_STANDING = """
SELECT c.id, c.branch_pos, k.person_id
  FROM customers_customer c
  LEFT JOIN customers_care k ON k.customer_id = c.id AND k.until IS NULL
 WHERE c.id = ANY (%s)
"""
_END = "UPDATE customers_care SET until = %s WHERE customer_id = ANY (%s) AND until IS NULL"
_BEGIN = """
INSERT INTO customers_care
    (id, customer_id, branch_id, branch_pos, person_id, since, by_person_id, by_name, why, source)
SELECT uuidv7(), customer_id, branch_id, branch_pos, person_id, %(at)s, %(by)s, %(by_name)s, '', %(source)s
  FROM import_care
"""
# Those of these customers whose spell of this file is still the open one, with where they are at home now.
_OPEN = """
SELECT c.id, c.branch_id, c.branch_pos, k.person_id
  FROM customers_care k JOIN customers_customer c ON c.id = k.customer_id
 WHERE k.customer_id = ANY (%s) AND k.until IS NULL AND k.source = %s AND c.status IN ('active', 'blocked')
"""


def judge_care(cursor: Any, judged: Any, lot: Lot) -> None:
    """The verdict on whom rows name: refused where that person may not have the customer, changed where another has."""
    if not lot.cared:
        return
    known = {place: judged.owners[place] for place in lot.cared if place in judged.owners}
    standing: dict[UUID, tuple[int, UUID | None]] = {}
    if known:
        cursor.execute(_STANDING, [list(known.values())])
        standing = {customer_id: (pos, person_id) for customer_id, pos, person_id in cursor.fetchall()}
    for place in lot.cared:
        if judged.letters[place] == REFUSED:
            continue
        said = _said(lot, place)
        home, held_by = standing[known[place]] if place in known else (_home(lot, place), None)
        carer = said.for_home(home)
        if carer is None:
            several = any(each.may_have(home) for each in said.carers)
            judged.refuse(place, "manager_several" if several else "manager_elsewhere", said.column)
        elif place in known and carer.person_id != held_by:
            judged.letters[place] = CHANGED


def still_fits(lot: Lot, letters: bytes | bytearray) -> bool:
    """Whether all new customers of a lot may still be given to whom they were judged to go."""
    return all(
        _said(lot, place).for_home(_home(lot, place)) is not None
        for place in lot.cared
        if letters[place] == NEW
    )


def line_of_care(customer_id: UUID, home: tuple[int, int], read: Read) -> str:
    """A row's spell, as COPY takes it; "" where it names nobody."""
    carer = read.cared_by.for_home(home[1]) if read.cared_by else None
    return f"{customer_id}\t{home[0]}\t{home[1]}\t{carer.person_id}\n" if carer else ""


def held_by(cursor: Any, customer_ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Who looks after these customers now?"""
    cursor.execute(_STANDING, [list(customer_ids)])
    return {customer_id: person_id for customer_id, _pos, person_id in cursor.fetchall()}


def begin_care(cursor: Any, *, scope: Scope, source: str, ended: Sequence[UUID]) -> None:
    """Begin what stands in import_care, after the open spells of those customers who had somebody else."""
    if ended:
        cursor.execute(_END, [scope.at, list(ended)])
    by_name = scope.facts.actor_name if scope.person_id else ""
    given = {"at": scope.at, "by": scope.person_id, "by_name": by_name, "source": source}
    cursor.execute(_BEGIN, given)


def give_back(
    cursor: Any, *, scope: Scope, source: str, before: Mapping[str, Mapping[str, Any]]
) -> tuple[int, int]:
    """End the spells that the file began with known customers, and begin those before anew where that person still may.

    Returns how many returned, and how many stay since somebody has decided otherwise.
    """
    was = {UUID(each): change["care"] for each, change in before.items() if "care" in change}
    if not was:
        return 0, 0
    cursor.execute(_OPEN, [list(was), source])
    found = {row[0]: row for row in cursor.fetchall() if str(row[3]) == was[row[0]]["new"]}
    carers: dict[str, Carer] = {
        str(carer.person_id): carer for carers in carers_here(scope=scope).values() for carer in carers
    }
    lines = []
    for customer_id, branch_id, branch_pos, _person_id in found.values():
        carer = carers.get(was[customer_id]["old"] or "")
        if carer is not None and carer.may_have(branch_pos):
            lines.append(f"{customer_id}\t{branch_id}\t{branch_pos}\t{carer.person_id}\n")
    cursor.execute("DROP TABLE IF EXISTS import_care")
    cursor.execute(STAGE)
    with cursor.copy("COPY import_care FROM STDIN") as copy:
        copy.write("".join(lines).encode())
    begin_care(cursor, scope=scope, source="", ended=list(found))
    return len(found), len(was) - len(found)


def _said(lot: Lot, place: int) -> CaredBy:
    read = lot.reads[place]
    assert isinstance(read, Read) and read.cared_by is not None
    return read.cared_by


def _home(lot: Lot, place: int) -> int:
    read = lot.reads[place]
    assert isinstance(read, Read) and read.branch is not None
    return read.branch[1]
