"""Does the audit still say what was sealed?"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import DataError

from campaigns.audit.models import Entry, Seal, SecurityRecord
from campaigns.audit.rules import (
    ENTRIES,
    RECORDS,
    TABLES,
    TOLD,
    Finding,
    Stretch,
    Tally,
    Wrong,
    check_head,
    check_link,
    cut,
    diagnose,
    first_id_at,
    fits,
    tally,
)
from campaigns.audit.selectors.chain import Head, chain_key, days_sealed, lines_between, stretch_of
from campaigns.tenants.scopes import Scope

# Further ahead no clock of the bank goes: such an id was made by hand.
_FUTURE = timedelta(hours=1)


@dataclass
class Verdict:
    """What a verification came to. Nothing is known of rows written after `until`."""

    seals: int = 0
    rows: int = 0
    until: datetime | None = None
    last: Stretch | None = None
    findings: list[Finding] = field(default_factory=list)


def verify_audit(
    *,
    scope: Scope,
    first: date | None = None,
    last: date | None = None,
    head: Head | None = None,
    after_day: Callable[[date, Verdict], None] = lambda _day, _verdict: None,
) -> Verdict:
    """Read every sealed row again, of the days from `first` to `last`, both included, and say what is wrong.

    `head` is a seal as it was noted down outside the database; without one, the loss of the newest seals cannot be
    seen. Memory does not grow with the rows. `after_day` is told how far it is.
    """
    verdict = Verdict()
    try:
        _seals(scope, first, last, verdict, after_day)
    except DataError:
        # A moment that is none, such as 'infinity', which no seal of ours ever had.
        verdict.findings.append(Finding(Wrong.EDITED, "seals", None))
    if head is not None:
        there = Seal.objects.filter(number=head.number).values_list("digest", flat=True).first()
        digest = None if there is None else bytes(there)
        verdict.findings += check_head(
            number=head.number, digest=head.digest, there=digest, last=verdict.last
        )
    verdict.findings += _of_the_future(scope)
    return verdict


def _seals(
    scope: Scope,
    first: date | None,
    last: date | None,
    verdict: Verdict,
    after_day: Callable[[date, Verdict], None],
) -> None:
    key, before = chain_key(), None
    for nth, day in enumerate(days_sealed(scope=scope, first=first, last=last)):
        seals = [stretch_of(seal=each) for each in Seal.objects.filter(day=day).order_by("number")]
        if nth == 0 and first is not None:
            earlier = Seal.objects.filter(number__lt=seals[0].number).order_by("-number").first()
            before = stretch_of(seal=earlier) if earlier else None
        found: list[Finding] = []
        for this in seals:
            found += check_link(key=key, before=before, this=this)
            before = this
        for table in TABLES:
            found += _rows(scope, key, seals, table, apart=bool(found), verdict=verdict)
        verdict.seals += len(seals)
        verdict.findings += found
        verdict.last, verdict.until = before, before.until if before else None
        after_day(day, verdict)


def _rows(
    scope: Scope, key: bytes, seals: list[Stretch], table: str, *, apart: bool, verdict: Verdict
) -> list[Finding]:
    """The rows of one day. `apart`: its seals are out of order, so that one reading cannot serve them all."""

    def tally_of(seal: Stretch, lines: Iterable[bytes]) -> Tally:
        return tally(key=key, previous=seal.previous, table=table, lines=lines)

    def lines_of(some: list[Stretch]) -> Iterator[bytes]:
        low, high = first_id_at(some[0].since), first_id_at(some[-1].until)
        return lines_between(scope=scope, table=table, low=low, high=high)

    if apart:
        tallies = [tally_of(seal, lines_of([seal])) for seal in seals]
    else:
        ends = [
            (str(first_id_at(each.since)).encode(), str(first_id_at(each.until)).encode()) for each in seals
        ]
        parts = cut(lines=lines_of(seals), ends=ends)
        tallies = [tally_of(seal, part) for seal, part in zip(seals, parts, strict=True)]
    found: list[Finding] = []
    for seal, now in zip(seals, tallies, strict=True):
        verdict.rows += now.rows
        if not fits(kept=seal.tallies[table], found=now):
            found += diagnose(key=key, stretch=seal, table=table, lines=lines_of([seal]))
    return found


def _of_the_future(scope: Scope) -> list[Finding]:
    """Rows whose ids no clock can have made yet: they would wait unsealed until their day comes."""
    edge = first_id_at(scope.at + _FUTURE)
    found = []
    for table, rows in ((ENTRIES, Entry.objects.within(scope)), (RECORDS, SecurityRecord.objects.all())):
        ids = rows.filter(pk__gte=edge).order_by("pk").values_list("pk", flat=True)[:TOLD]
        found += [Finding(Wrong.INSERTED, table, None, str(each)) for each in ids]
    return found
