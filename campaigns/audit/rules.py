"""The chain of seals: how rows become a digest, and what is wrong where a digest does not fit. Pure.

A row is one line of bytes: its id as 36 characters, a tab, and its other columns (selectors/chain.py). A `Tally`
runs over the rows of one table in the order of their ids: each digest is an HMAC over the one before it and the line.
A `Stretch` closes the tallies of both tables between two moments; its digest covers all it says, and the digest of
the stretch before it. The moment of a row is that of its id: when it was written.
"""

import hmac
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import blake2b, sha256
from uuid import UUID

# Rows of the last moments stay open: clocks of several machines differ, and so do a row's id and its arrival.
GRACE = timedelta(minutes=2)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
NOTHING = bytes(32)
ENTRIES, RECORDS = "entries", "records"
TABLES = (ENTRIES, RECORDS)
# Findings of one stretch that are told one by one.
TOLD = 20


def first_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 of `moment` (whole milliseconds); moments before 1970 have that of 1970."""
    since = max(moment - BEGINNING, timedelta())
    return UUID(int=((since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000) << 80)


def written_at(key: UUID) -> datetime:
    """When a row of the audit was written: the moment of its id, in whole milliseconds."""
    return BEGINNING + timedelta(milliseconds=key.int >> 80)


def beyond(words: str) -> str:
    """The first text that no longer begins with `words`, in the order of code points."""
    last = ord(words[-1]) + 1
    # No text of ours holds surrogates, nor anything after the last code point.
    return words[:-1] + chr(0xE000 if last == 0xD800 else min(last, 0x10FFFF))


class Wrong(StrEnum):
    """What was done to the audit."""

    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `row` is an id, the end of one ("…1a2b3c4d"), a seal's number, or ""."""

    wrong: Wrong
    table: str
    day: date | None
    row: str = ""


@dataclass(slots=True)
class Tally:
    """What the rows of one table come to. `tags`: 4 bytes of each id and 4 bytes of the rest of the row."""

    digest: bytes
    rows: int = 0
    first: UUID | None = None
    last: UUID | None = None
    tags: bytes = b""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one seal says. `previous` is the digest of the stretch before it."""

    number: int
    # The UTC day that its rows were written in (those of the first one: then, or earlier).
    day: date
    since: datetime
    until: datetime
    previous: bytes
    tallies: dict[str, Tally]
    sealed_at: datetime
    digest: bytes = NOTHING


def tally(*, key: bytes, previous: bytes, table: str, lines: Iterable[bytes], tagged: bool = False) -> Tally:
    """Run over the rows of `table` that follow the digest `previous`; with tags when they will be kept."""
    digest = hmac.digest(key, previous + table.encode(), "sha256")
    rows, first, line = 0, b"", b""
    tags = bytearray()
    for line in lines:
        digest = hmac.digest(key, digest + line, "sha256")
        first = first or line
        rows += 1
        if tagged:
            tags += _tag(key, line)
    return Tally(digest, rows, _id_of(first), _id_of(line), bytes(tags))


def _id_of(line: bytes) -> UUID | None:
    return UUID(line[:36].decode()) if line else None


def _tag(key: bytes, line: bytes) -> bytes:
    """Tells rows apart and whether they changed; decides nothing, the digest does."""
    return bytes.fromhex(line[28:36].decode()) + blake2b(line[36:], key=key, digest_size=4).digest()


def sealed(*, key: bytes, stretch: Stretch) -> Stretch:
    """The stretch with its digest, over everything else it says."""
    moments = [each.astimezone(UTC) for each in (stretch.since, stretch.until, stretch.sealed_at)]
    said: list[object] = [stretch.number, stretch.day, *moments, stretch.previous.hex()]
    for table in TABLES:
        kept = stretch.tallies[table]
        said += [table, kept.digest.hex(), kept.rows, kept.first, kept.last, sha256(kept.tags).hexdigest()]
    return replace(stretch, digest=hmac.digest(key, "|".join(map(str, said)).encode(), "sha256"))


def stretches(*, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """`since` to `until`, cut at the ends of UTC days; nothing when there is no time between."""
    while since < until:
        day = since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        end = min(day + timedelta(days=1), until)
        yield since, end
        since = end


def day_before(moment: datetime) -> date:
    """The UTC day that ends at `moment`, or that it lies in."""
    return (moment - timedelta(microseconds=1)).astimezone(UTC).date()


def check_link(*, key: bytes, before: Stretch | None, this: Stretch) -> list[Finding]:
    """Is this seal as it was made, and does it follow the one before it? `before` is None for the first of all."""
    number = before.number if before else 0
    found = [
        Finding(Wrong.DELETED, "seals", this.day, str(missing))
        for missing in range(number + 1, min(this.number, number + 1 + TOLD))
    ]
    if sealed(key=key, stretch=this).digest != this.digest:
        found.append(Finding(Wrong.EDITED, "seals", this.day, str(this.number)))
    elif not found and (this.previous, this.since) != (
        (before.digest, before.until) if before else (NOTHING, BEGINNING)
    ):
        found.append(Finding(Wrong.REORDERED, "seals", this.day, str(this.number)))
    return found


def fits(*, kept: Tally, found: Tally) -> bool:
    """Are these the rows that were sealed?"""
    return all(
        getattr(kept, each.name) == getattr(found, each.name) for each in fields(Tally) if each.name != "tags"
    )


def diagnose(*, key: bytes, stretch: Stretch, table: str, lines: Iterable[bytes]) -> list[Finding]:
    """What became of the rows of `table`, whose tally does not fit `stretch`: at least one finding."""
    kept = stretch.tallies[table].tags
    before = {kept[at : at + 4]: kept[at + 4 : at + 8] for at in range(0, len(kept) - 7, 8)}
    now: dict[bytes, tuple[bytes, str]] = {}
    for line in lines:
        tag = _tag(key, line)
        now[tag[:4]] = (tag[4:], line[:36].decode())

    def finding(wrong: Wrong, row: str = "") -> Finding:
        return Finding(wrong, table, stretch.day, row)

    changed = [each for each in before if each in now and now[each][0] != before[each]]
    gone = [each for each in before if each not in now]
    new = [each for each in now if each not in before]
    is_same = len(changed) > 1 and Counter(before[e] for e in changed) == Counter(now[e][0] for e in changed)
    found = [finding(Wrong.REORDERED if is_same else Wrong.EDITED, now[each][1]) for each in changed]
    # A row that came with the contents of one that is gone is that row, under another id.
    contents = Counter(before[each] for each in gone)
    for each in new:
        if contents[now[each][0]]:
            contents[now[each][0]] -= 1
            gone.remove(next(old for old in gone if before[old] == now[each][0]))
            found.append(finding(Wrong.EDITED, now[each][1]))
        else:
            found.append(finding(Wrong.INSERTED, now[each][1]))
    found += [finding(Wrong.DELETED, f"…{each.hex()}") for each in gone]
    return found[:TOLD] or [finding(Wrong.EDITED)]


def check_rows(*, key: bytes, stretch: Stretch, table: str, lines: Sequence[bytes]) -> list[Finding]:
    """`tally`, `fits` and `diagnose` for rows at hand."""
    kept = stretch.tallies[table]
    found = tally(key=key, previous=stretch.previous, table=table, lines=lines)
    if fits(kept=kept, found=found):
        return []
    return diagnose(key=key, stretch=stretch, table=table, lines=lines)


def check_head(*, number: int, digest: str, there: bytes | None, last: Stretch | None) -> list[Finding]:
    """Is the seal that was noted down outside the database still the same? `there`: what has its number now."""
    if there is not None and there.hex() == digest:
        return []
    return [Finding(Wrong.TRUNCATED, "seals", last.day if last else None, str(number))]


def cut(*, lines: Iterable[bytes], ends: Sequence[tuple[bytes, bytes]]) -> Iterator[Iterator[bytes]]:
    """Deal ordered rows out to stretches, given as (first id, id after the last) in order; rows between are skipped.

    Each part must be read to its end before the next one is asked for.
    """
    stream = iter(lines)
    waiting: list[bytes] = []

    def part(low: bytes, high: bytes) -> Iterator[bytes]:
        while True:
            line = waiting.pop() if waiting else next(stream, b"")
            if not line:
                return
            if line[:36] >= high:
                waiting.append(line)
                return
            if line[:36] >= low:
                yield line

    for low, high in ends:
        yield part(low, high)
