"""What a lot would do to the customers as they are now: one question for all its names, one for what they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from campaigns.customers.imports import lots, sql
from campaigns.customers.imports.caring import judge_care
from campaigns.customers.imports.lots import CHANGED, MARK, NEW, REFUSED, SAME, Lot
from campaigns.customers.imports.mapping import Bad, Read
from campaigns.customers.models import Customer
from campaigns.tenants.scopes import Scope

_CLOSER = ord("?")


@dataclass(slots=True)
class Judged:
    """A letter for each record, why the refused ones are, and whom the others are about.

    `owners`: place -> the known customer; `missing`: place -> which of its names nobody has yet.
    """

    letters: bytearray
    refused: list[tuple[int, str, int | None]] = field(default_factory=list)
    owners: dict[int, UUID] = field(default_factory=dict)
    missing: dict[int, list[int]] = field(default_factory=dict)

    def refuse(self, place: int, code: str, column: int | None = None) -> None:
        self.letters[place] = REFUSED
        self.refused.append((place, code, column))

    def count(self, letter: int) -> int:
        return self.letters.count(letter)

    def places(self, letter: int) -> list[int]:
        return [place for place, each in enumerate(self.letters) if each == letter]


# Who, in what status, at home where; nobody for one who was erased.
Owner = tuple[UUID | None, str, int]


def judge(cursor: Any, *, scope: Scope, lot: Lot, before: bytes = b"", is_first: bool = False) -> Judged:
    """The verdict on each record. What was refused `before` stays so, and is not asked again.

    `is_first`: whom the rows name is noted in import_seen, where TWICE finds who stands in the file again.
    """
    judged = Judged(bytearray(before or bytes([SAME]) * len(lot.reads)))
    plainly_asked = _plain(cursor, judged, lot, before, is_first)
    asked = _with_cared(judged, lot, plainly_asked) if lot.cared else plainly_asked
    kinds, lookups, whose = [], [], []
    for place in asked:
        read = lot.reads[place]
        assert isinstance(read, Read)
        for nth, known in enumerate(read.known_by):
            kinds.append(known.kind)
            lookups.append(lot.lookups[place][nth])
            whose.append((place, nth))
    found: dict[int, dict[int, Owner]] = {}
    if whose:
        names = {"kinds": ",".join(kinds), "lookups": b"".join(lookups).hex(",", 32)}
        cursor.execute(sql.OWNERS, names)
        for number, customer_id, status, pos in cursor.fetchall():
            place, nth = whose[number - 1]
            found.setdefault(place, {})[nth] = (customer_id, status, pos)
    _settle(judged, scope, lot, asked, found)
    _compare(cursor, judged, lot)
    judge_care(cursor, judged, lot)
    if is_first and plainly_asked:
        # The others were noted with the question about the plain ones.
        with cursor.copy("COPY import_seen FROM STDIN") as copy:
            copy.write(_seen(lot, judged, plainly_asked))
    return judged


def _with_cared(judged: Judged, lot: Lot, asked: list[int]) -> list[int]:
    """Who looks after somebody is not asked with the plain rows: those that name a manager are looked at again."""
    known = {place for place in lot.cared if judged.letters[place] == SAME}
    return sorted(known.union(asked))


def _plain(cursor: Any, judged: Judged, lot: Lot, before: bytes, is_first: bool) -> list[int]:
    """Settle the rows that are plain, and those that cannot be read; the places of all others."""
    for place, read in enumerate(lot.reads):
        if isinstance(read, Bad) and (not before or before[place] != REFUSED):
            judged.refuse(place, read.code, read.column)
    places = lot.asked.places
    if not places:
        return []
    question = sql.PLAIN.replace("{seen}", sql.NOTE_SEEN if is_first else "")
    cursor.execute(question, {**lot.asked._asdict(), "first": lot.number * lots.LOT})
    letters: bytes = cursor.fetchone()[0].encode()
    asked: list[int] = []
    for place, letter in zip(places, letters, strict=True):
        if before and before[place] == REFUSED:
            continue
        if letter == _CLOSER:
            judged.letters[place] = SAME  # until it is found to be otherwise
            asked.append(place)
        elif letter == NEW and lot.reads[place].branch is None:  # type: ignore[union-attr]
            judged.refuse(place, "no_home")
        else:
            judged.letters[place] = letter
    return asked


def _seen(lot: Lot, judged: Judged, asked: Sequence[int]) -> bytes:
    """Whom each row names, half of each hash: too much to meet by chance."""
    lines = []
    for place in asked:
        if judged.letters[place] == REFUSED:
            continue
        number = lot.number * lots.LOT + place
        lines += [f"{lookup[:16].hex()}\t{number}\n" for lookup in lot.lookups[place]]
        if place in judged.owners:
            lines.append(f"{judged.owners[place]}\t{number}\n")
    return "".join(lines).encode()


def _settle(
    judged: Judged,
    scope: Scope,
    lot: Lot,
    asked: list[int],
    found: dict[int, dict[int, Owner]],
) -> None:
    taken: set[UUID] = set()
    for place in asked:
        read = lot.reads[place]
        assert isinstance(read, Read)
        owners = found.get(place, {})
        if not owners:
            if read.branch is None:
                judged.refuse(place, "no_home")
            else:
                judged.letters[place] = NEW
            continue
        if any(status == Customer.Status.ERASED for _owner, status, _pos in owners.values()):
            judged.refuse(place, "erased")
            continue
        if len({owner for owner, _status, _pos in owners.values()}) > 1:
            judged.refuse(place, "conflict")
            continue
        owner, status, pos = next(iter(owners.values()))
        assert owner is not None
        if status == "merged":
            judged.refuse(place, "merged")
        elif not scope.lo <= pos <= scope.hi:
            judged.refuse(place, "elsewhere")
        elif owner in taken:
            judged.refuse(place, "twice")
        else:
            taken.add(owner)
            judged.owners[place] = owner
            missing = [nth for nth in range(len(read.known_by)) if nth not in owners]
            if missing:
                judged.missing[place] = missing


def _compare(cursor: Any, judged: Judged, lot: Lot) -> None:
    """Which of the known ones would change."""
    places = list(judged.owners)
    if not places:
        return
    rows: list[Any] = [lot.reads[place] for place in places]
    cursor.execute(
        sql.STANDING,
        [
            MARK.join(map(str, places)),
            MARK.join([str(judged.owners[place]) for place in places]),
            MARK.join([orjson.dumps(read.attributes).decode() for read in rows]),
            MARK.join([f"{{{','.join(map(str, read.tags))}}}" for read in rows]),
        ],
    )
    for place, is_same in cursor.fetchall():
        if not is_same or place in judged.missing:
            judged.letters[place] = CHANGED
