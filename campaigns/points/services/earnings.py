"""Points for what customers did: what rules answer is laid with the event (sql/rules.py) and given here."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from campaigns.approvals.models import Revision
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.points.earning_rules import (
    Counted,
    Deed,
    Giving,
    Verdict,
    counted_with,
    local_day,
    starts,
    verdict,
)
from campaigns.points.models import Earning, Rule
from campaigns.points.refusals.ledger import AlreadyReversed, HoldIsSettled
from campaigns.points.rule_terms import RuleTerms, thawed
from campaigns.points.rules import key_of
from campaigns.points.selectors.rules import giving_of
from campaigns.points.selectors.tiers import Benefits, benefits_of, percent_of
from campaigns.points.services.postings import (
    MAY,
    Accrual,
    Validity,
    accrue_points,
    activate_points,
    reverse_points,
)
from campaigns.points.services.ratings import hold_wallets
from campaigns.points.tier_sentences import times
from campaigns.tenants.scopes import Scope

# A count: whose, of which period, from which local day on.
Count = tuple[UUID, str, date]
_TAKEN_BACK = "交易已撤销 · Transaction reversed"


class Waiting(NamedTuple):
    """One row of `waiting_earnings`: `pos`, `zone` and `tags` are the customer's as they are now."""

    id: UUID
    rule_id: UUID
    revision_id: UUID
    customer_id: UUID
    told: str
    at: datetime
    amount: int | None
    waits_for: str
    pos: int
    zone: str
    tags: list[int]


class Due(NamedTuple):
    """One row of `due_earnings`."""

    id: UUID
    rule_id: UUID
    revision_id: UUID
    state: str
    customer_id: UUID
    at: datetime
    points: int
    movement_id: UUID
    zone: str


def earn_for_events(*, scope: Scope, limit: int = 500) -> int:
    """Give what events came to, of the version of a rule that waits longest; then what waited for an event, or was
    taken back. How many rows were settled.

    A row, its movement and its counts are written in one transaction: any number of workers may run this together,
    and a lost one has done nothing.
    """
    scope.demand(MAY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM waiting_earnings(%s)", [limit])
        rows = [Waiting(*row) for row in cursor.fetchall()]
    return (_give(scope, rows) if rows else 0) + _settle_due(scope, limit)


def _give(scope: Scope, rows: Sequence[Waiting]) -> int:
    """One version's rows: judged in their order under held counts, given by one call, counted and settled."""
    rule = Rule.objects.get(pk=rows[0].rule_id)
    terms = thawed(Revision.objects.get(pk=rows[0].revision_id).payload)
    giving = giving_of(terms=terms)
    days = {row.id: local_day(row.at, row.zone) for row in rows}
    counted = hold_counts(
        rule_id=rule.pk, keys=[key for row in rows for key in _keys(giving, row.customer_id, days[row.id])]
    )
    before = dict(counted)
    tiers = benefits_of(scope=scope, customer_ids={row.customer_id for row in rows})
    judged: list[tuple[Waiting, Verdict]] = []
    for row in rows:
        keys = _keys(giving, row.customer_id, days[row.id])
        deed = Deed(
            days[row.id],
            row.amount,
            row.pos,
            frozenset(row.tags),
            percent_of(benefits=tiers.get(row.customer_id)),
        )
        said = verdict(giving=giving, deed=deed, counted={key[1]: counted[key] for key in keys})
        judged.append((row, said))
        if said.points:
            now = counted_with({key[1]: counted[key] for key in keys}, said.points, giving.periods())
            counted |= {key: now[key[1]] for key in keys}
    by_title: dict[str, list[tuple[Waiting, Verdict]]] = defaultdict(list)
    for row, said in judged:
        if said.points:
            by_title[_title(terms, said, tiers.get(row.customer_id))].append((row, said))
    if len(by_title) > 1:
        given_to = {row.customer_id for given in by_title.values() for row, _said in given}
        hold_wallets(scope=scope, customer_ids=given_to)
    made: dict[UUID, UUID] = {}
    for title, given in by_title.items():
        made |= _accrue(scope, rule, terms, title, given)
    # Who is no customer any more gets nothing, and nothing of theirs is counted.
    gone = {row.customer_id for row, said in judged if said.points and row.id not in made}
    more = {
        key: (now.points - before[key].points, now.times - before[key].times)
        for key, now in counted.items()
        if now != before[key] and key[0] not in gone
    }
    _count(rule.pk, giving, more)
    _settle(judged, made)
    return len(rows)


def _title(terms: RuleTerms, said: Verdict, tier: Benefits | None) -> str:
    """What the statement says: which tier's multiplier it was, where it was one."""
    if not said.by_tier or tier is None:
        return terms.title
    ending = f" · {tier.name} ×{times(tier.multiplier)}"
    return terms.title[: 80 - len(ending)] + ending


def _accrue(
    scope: Scope, rule: Rule, terms: RuleTerms, title: str, given: Sequence[tuple[Waiting, Verdict]]
) -> dict[UUID, UUID]:
    """The movements, by the rows that they are for."""
    posted = accrue_points(
        scope=scope,
        accruals=[
            Accrual(
                row.customer_id,
                said.points,
                key_of("points.rule", rule.pk, row.told),
                ref("points.earning", row.id),
            )
            for row, said in given
        ],
        issuer_id=rule.branch_id,
        title=title,
        validity=Validity(terms.months, terms.ends),
        waits_until=scope.at + timedelta(days=terms.pending_days) if terms.pending_days else None,
        waits_for_event=bool(terms.waits_for),
        rule_id=rule.pk,
        revision_id=given[0][0].revision_id,
    )
    return {
        row.id: each.movement_id for (row, _said), each in zip(given, posted, strict=True) if each is not None
    }


def hold_counts(*, rule_id: UUID, keys: Sequence[Count]) -> dict[Count, Counted]:
    """What was given so far in each of these, held until the transaction ends."""
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT customer_id, period, starts, points, times"
            " FROM hold_rule_counts(%s, %s::uuid[], %s, %s::date[])",
            [rule_id, *(list(part) for part in zip(*keys, strict=True))],
        )
        return {(who, span, first): Counted(points, times) for who, span, first, points, times in cursor}


def _count(rule_id: UUID, giving: Giving | None, more: dict[Count, tuple[int, int]]) -> None:
    """Write down so many more points and times of each count; the database refuses more than a cap."""
    if not more:
        return
    caps = giving.caps if giving else {}
    times = giving.times if giving else {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count_rule_points(%s, %s::uuid[], %s, %s::date[], %s::bigint[], %s::int[], %s::bigint[],"
            " %s::int[])",
            [
                rule_id,
                *(list(part) for part in zip(*more, strict=True)),
                [points for points, _times in more.values()],
                [many for _points, many in more.values()],
                [caps.get(span) for _who, span, _first in more],
                [times.get(span) for _who, span, _first in more],
            ],
        )


def _settle(judged: Sequence[tuple[Waiting, Verdict]], made: dict[UUID, UUID]) -> None:
    rows: list[tuple[Any, ...]] = []
    for row, said in judged:
        movement = made.get(row.id)
        if movement is None:
            rows.append((row.id, "refused", said.asked, 0, "gone" if said.points else said.word, None))
        else:
            state = "pending" if row.waits_for else "earned"
            rows.append((row.id, state, said.asked, said.points, said.word, movement))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT settle_earnings(%s::uuid[], %s, %s::bigint[], %s::bigint[], %s, %s::uuid[])",
            [list(part) for part in zip(*rows, strict=True)],
        )


def _settle_due(scope: Scope, limit: int) -> int:
    """Bring into force what an event was waited for, and take back what a system has taken back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM due_earnings(%s)", [limit])
        rows = [Due(*row) for row in cursor.fetchall()]
    if not rows:
        return 0
    freed: dict[UUID, dict[Count, tuple[int, int]]] = defaultdict(dict)
    versions: dict[UUID, Giving] = {}
    for row in rows:
        if row.state == Earning.State.READY:
            # Where it is in force by another way, or the customer is no more, nothing is left to do.
            with suppress(HoldIsSettled, NotFound):
                activate_points(scope=scope, movement_id=row.movement_id)
            continue
        with suppress(AlreadyReversed, NotFound):
            reverse_points(
                scope=scope,
                movement_id=row.movement_id,
                customer_id=row.customer_id,
                key=key_of("points.rule.back", row.id),
                title=_TAKEN_BACK,
            )
        if row.revision_id not in versions:
            versions[row.revision_id] = giving_of(
                terms=thawed(Revision.objects.get(pk=row.revision_id).payload)
            )
        counts = freed[row.rule_id]
        for key in _keys(versions[row.revision_id], row.customer_id, local_day(row.at, row.zone)):
            points, times = counts.get(key, (0, 0))
            counts[key] = (points - row.points, times - 1)
    for rule_id, counts in freed.items():
        held = hold_counts(rule_id=rule_id, keys=list(counts))
        # A version before this one may have counted less than is given back.
        less = {
            key: (max(points, -held[key].points), max(times, -held[key].times))
            for key, (points, times) in counts.items()
        }
        _count(rule_id, None, less)
    with connection.cursor() as cursor:
        cursor.execute("SELECT settle_due_earnings(%s::uuid[])", [[row.id for row in rows]])
    return len(rows)


def _keys(giving: Giving, customer_id: UUID, day: date) -> list[Count]:
    return [(customer_id, span, starts(span, day)) for span in giving.periods()]


def let_go_of_earnings(*, scope: Scope, before: datetime, limit: int) -> int:
    """Delete what events before a moment (UTC) came to, when nothing of it waits for anything; how many. The ledger
    keeps what was given. By the system alone.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT let_go_of_earnings(%s, %s)", [before, limit])
        return int(cursor.fetchone()[0])
