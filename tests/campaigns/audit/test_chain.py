"""Whatever is done to sealed rows is found; what is legitimate never is."""

import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from campaigns.audit.models import Seal
from campaigns.audit.rules import (
    TABLES,
    Finding,
    Stretch,
    Wrong,
    check_head,
    check_link,
    check_rows,
    first_id_at,
    stretches,
)
from campaigns.audit.selectors.chain import chain_key, lines_between, stretch_of
from campaigns.audit.services import seal_audit
from campaigns.tenants.scopes import system_scope
from tests.support.audit import DAYS, LATER, START, write_week
from tests.support.cast import Cast

TAMPERINGS = 1000


@dataclass
class Copy:
    """Rows and seals in memory, as they were read from the database."""

    rows: dict[str, list[bytes]]
    seals: list[Stretch]
    head: Stretch

    def verify(self, key: bytes) -> list[Finding]:
        """As `verify_audit` does, for rows at hand."""
        found: list[Finding] = []
        before: Stretch | None = None
        for this in self.seals:
            found += check_link(key=key, before=before, this=this)
            low, high = (str(first_id_at(each)).encode() for each in (this.since, this.until))
            for table in TABLES:
                every = self.rows[table]
                lines = every[bisect_left(every, low) : bisect_left(every, high)]
                found += check_rows(key=key, stretch=this, table=table, lines=lines)
            before = this
        there = next((each.digest for each in self.seals if each.number == self.head.number), None)
        return found + check_head(
            number=self.head.number, digest=self.head.digest.hex(), there=there, last=before
        )


@pytest.fixture
def week(cast: Cast, head_file: Path) -> Copy:
    """Six days, one of them empty, sealed three times on the way and once at the end."""
    with system_scope(at=START, cause="test"):
        write_week(cast, entries=150, records=40)
    for hours in (30, 41, 100, (LATER - START) / timedelta(hours=1)):
        with system_scope(at=START + timedelta(hours=hours), cause="test") as scope:
            seal_audit(scope=scope, head_file=head_file)
    with system_scope(at=LATER, cause="test") as scope:
        far = first_id_at(LATER)
        rows = {
            t: list(lines_between(scope=scope, table=t, low=first_id_at(START), high=far)) for t in TABLES
        }
        seals = [stretch_of(seal=each) for each in Seal.objects.order_by("number")]
    return Copy(rows, seals, seals[-1])


def altered(field: bytes, rng: random.Random) -> bytes:
    """Another value in the same place, as little different as one likes."""
    choices = [field + b"x", b"", b"\\N", field[:-1], field[::-1], b"%d" % rng.randrange(10**6)]
    return rng.choice([each for each in choices if each != field])


def edit(copy: Copy, rng: random.Random) -> Wrong:
    lines = copy.rows[rng.choice(TABLES)]
    at = rng.randrange(len(lines))
    columns = lines[at].rstrip(b"\n").split(b"\t")
    which = rng.randrange(1, len(columns))
    columns[which] = altered(columns[which], rng)
    lines[at] = b"\t".join(columns) + b"\n"
    return Wrong.EDITED


def renumber(copy: Copy, rng: random.Random) -> Wrong:
    """Another random part of the id."""
    lines = copy.rows[rng.choice(TABLES)]
    at = rng.randrange(len(lines))
    lines[at] = lines[at][:28] + b"%08x" % rng.getrandbits(32) + lines[at][36:]
    lines.sort()
    return Wrong.EDITED


def delete(copy: Copy, rng: random.Random) -> Wrong:
    lines = copy.rows[rng.choice(TABLES)]
    first = rng.randrange(len(lines))
    del lines[first : first + rng.choice([1, 1, 2, 20])]
    return Wrong.DELETED


def insert(copy: Copy, rng: random.Random) -> Wrong:
    lines = copy.rows[rng.choice(TABLES)]
    like = rng.choice(lines)
    lines.append(like[:28] + b"%08x" % rng.getrandbits(32) + like[36:])
    lines.sort()
    return Wrong.INSERTED


def swap(copy: Copy, rng: random.Random) -> Wrong:
    """Two rows exchange their ids."""
    lines = copy.rows[rng.choice(TABLES)]
    one, two = sorted(rng.sample(range(len(lines)), 2))
    lines[one], lines[two] = lines[one][:36] + lines[two][36:], lines[two][:36] + lines[one][36:]
    is_same_seal = any(
        str(first_id_at(s.since)).encode() <= lines[one][:36] < lines[two][:36] < str(first_id_at(s.until)).encode()
        for s in copy.seals
    )  # fmt: skip
    return Wrong.REORDERED if is_same_seal else Wrong.EDITED


def truncate_rows(copy: Copy, rng: random.Random) -> Wrong:
    lines = copy.rows[rng.choice(TABLES)]
    del lines[-rng.randrange(1, len(lines)) :]
    return Wrong.DELETED


def truncate(copy: Copy, rng: random.Random) -> Wrong:
    """The newest seals, and the rows they closed."""
    del copy.seals[-rng.randrange(1, len(copy.seals)) :]
    edge = str(first_id_at(copy.seals[-1].until)).encode()
    for table in TABLES:
        copy.rows[table] = [line for line in copy.rows[table] if line[:36] < edge]
    return Wrong.TRUNCATED


def delete_seal(copy: Copy, rng: random.Random) -> Wrong:
    del copy.seals[rng.randrange(len(copy.seals) - 1)]
    return Wrong.DELETED


def edit_seal(copy: Copy, rng: random.Random) -> Wrong:
    at = rng.randrange(len(copy.seals))
    seal = copy.seals[at]
    table = rng.choice(TABLES)
    other = copy.seals[at - 1].tallies[table]
    changes: list[dict[str, Any]] = [
        {"since": seal.since - timedelta(milliseconds=1)},
        {"until": seal.until + timedelta(milliseconds=1)},
        {"sealed_at": seal.sealed_at + timedelta(days=1)},
        {"day": seal.day + timedelta(days=1)},
        {"previous": rng.randbytes(32)},
        {"digest": rng.randbytes(32)},
        {"tallies": {**seal.tallies, table: replace(seal.tallies[table], digest=rng.randbytes(32))}},
        {"tallies": {**seal.tallies, table: replace(seal.tallies[table], rows=seal.tallies[table].rows + 1)}},
        {"tallies": {**seal.tallies, table: replace(seal.tallies[table], tags=rng.randbytes(8))}},
        {"tallies": {**seal.tallies, table: replace(other, first=None)}},
    ]
    copy.seals[at] = replace(seal, **rng.choice(changes))
    return Wrong.EDITED


def swap_seals(copy: Copy, rng: random.Random) -> Wrong:
    one, two = rng.sample(range(len(copy.seals)), 2)
    a, b = copy.seals[one], copy.seals[two]
    copy.seals[one], copy.seals[two] = replace(b, number=a.number), replace(a, number=b.number)
    return Wrong.EDITED


WAYS: list[Callable[[Copy, random.Random], Wrong]] = [
    edit, edit, edit, renumber, delete, insert, swap, truncate_rows, truncate, delete_seal, edit_seal, swap_seals,
]  # fmt: skip


def test_of_1000_random_tamperings_1000_are_found_and_named_and_of_none_none(week: Copy) -> None:
    rng, key = random.Random(2026), chain_key()
    assert week.verify(key) == []
    assert len(week.seals) == DAYS + 2  # one day was sealed in three parts
    missed, misnamed, done = [], [], Counter[str]()
    for n in range(TAMPERINGS):
        way = WAYS[n % len(WAYS)]
        copy = Copy({t: list(lines) for t, lines in week.rows.items()}, list(week.seals), week.head)
        expected = way(copy, rng)
        found = copy.verify(key)
        done[way.__name__] += 1
        if not found:
            missed.append((n, way.__name__))
        elif expected not in {each.wrong for each in found}:
            misnamed.append((n, way.__name__, found[:3]))
    assert missed == []
    assert misnamed == []
    assert sum(done.values()) == TAMPERINGS
    assert week.verify(key) == []


def test_a_row_is_told_by_its_id(week: Copy) -> None:
    key, lines = chain_key(), week.rows["entries"]
    edited, gone = lines[50][:36].decode(), lines[100][:36].decode()
    lines[50] = lines[50].replace(b"content.item.", b"content.asset.")
    del lines[100]
    found = {(each.wrong, each.table, each.row) for each in week.verify(key)}
    assert found == {(Wrong.EDITED, "entries", edited), (Wrong.DELETED, "entries", f"…{gone[-8:]}")}


def test_who_has_not_the_key_cannot_seal_what_was_edited(week: Copy) -> None:
    other = bytes(32)
    assert {each.table for each in week.verify(other)} == {"seals", *TABLES}


def test_stretches_end_with_the_day() -> None:
    cut = list(stretches(since=START + timedelta(hours=5), until=START + timedelta(hours=50)))
    assert [(b - a) / timedelta(hours=1) for a, b in cut] == [19, 24, 2]
    assert list(stretches(since=START, until=START)) == []
    assert list(stretches(since=START, until=START - timedelta(days=1))) == []
