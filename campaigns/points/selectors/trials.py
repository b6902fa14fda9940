"""Trial runs: what a draft would have given for what customers did lately, beside what the live rule gave."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Count, Sum

from campaigns.customers.models import Customer
from campaigns.points.earning_rules import (
    Counted,
    Deed,
    counted_with,
    local_day,
    starts,
    verdict,
)
from campaigns.points.models import Earning, Rule
from campaigns.points.rule_terms import terms_of
from campaigns.points.selectors.rules import giving_of
from campaigns.points.selectors.tiers import benefits_of, percent_of
from campaigns.tenants.scopes import Scope

# As many events as a page may look at; the oldest days are then left out, and the page says so.
MOST_EVENTS = 200_000
_TEN = 10
_GIVEN = (Earning.State.EARNED, Earning.State.PENDING, Earning.State.READY, Earning.State.WAITING)


class Top(NamedTuple):
    """One of those with most points."""

    customer: Customer
    points: int
    times: int


class Day(NamedTuple):
    """A local day: what the draft would give, and what the live rule gave."""

    day: date
    points: int
    live: int


class Trial(NamedTuple):
    """`events`: looked at; `refused`: why how many came to nothing or less; `trimmed`: points that caps took off.

    `is_cut`: there were more events than a page looks at.
    """

    events: int
    customers: int
    points: int
    trimmed: int
    refused: Mapping[str, int]
    top: list[Top]
    days: list[Day]
    live_points: int
    live_customers: int
    is_cut: bool


def trial_of(*, scope: Scope, rule: Rule, days: int) -> Trial:
    """What the draft would have given for the events of the last `days` days, in their order, as if nothing had been
    given before; its window is left out of account. By the function that earning goes by; writes nothing.

    Customers count as who they are now: home branch, tags and tier of that time are not kept.
    """
    since = scope.at - timedelta(days=days)
    terms = terms_of(rule)
    giving = giving_of(terms=terms)
    rows = _deeds(rule, since, scope.at)
    held: dict[tuple[UUID, str, date], Counted] = {}
    by_customer: dict[UUID, list[int]] = defaultdict(lambda: [0, 0])
    by_day: dict[date, int] = defaultdict(int)
    refused: dict[str, int] = defaultdict(int)
    trimmed = 0
    tiers = benefits_of(scope=scope, customer_ids={row[0] for row in rows[:MOST_EVENTS]})
    for customer_id, at, amount, pos, zone, tags in rows[:MOST_EVENTS]:
        day = local_day(at, zone)
        keys = {period: (customer_id, period, starts(period, day)) for period in giving.periods()}
        counted = {period: held.get(key, Counted(0, 0)) for period, key in keys.items()}
        deed = Deed(day, amount, pos, frozenset(tags), percent_of(benefits=tiers.get(customer_id)))
        said = verdict(giving=giving, deed=deed, counted=counted)
        if said.word:
            refused[said.word] += 1
        if said.word in ("trimmed", "capped"):
            trimmed += said.asked - said.points
        if said.points:
            now = counted_with(counted, said.points, giving.periods())
            held |= {key: now[period] for period, key in keys.items()}
            by_customer[customer_id][0] += said.points
            by_customer[customer_id][1] += 1
            by_day[day] += said.points
    live = _live_by_day(scope, rule, since)
    last = local_day(scope.at, rule.branch.zone)
    known = [last - timedelta(days=days - n) for n in range(days + 1)]
    gave = Earning.objects.within(scope).filter(rule=rule, at__gte=since, state__in=_GIVEN, points__gt=0)
    figures = gave.aggregate(points=Sum("points"), customers=Count("customer", distinct=True))
    return Trial(
        events=min(len(rows), MOST_EVENTS),
        customers=len(by_customer),
        points=sum(points for points, _times in by_customer.values()),
        trimmed=trimmed,
        refused=dict(refused),
        top=_top(scope, by_customer),
        days=[Day(day, by_day.get(day, 0), live.get(day, 0)) for day in known],
        live_points=figures["points"] or 0,
        live_customers=figures["customers"],
        is_cut=len(rows) > MOST_EVENTS,
    )


def _deeds(
    rule: Rule, since: datetime, until: datetime
) -> list[tuple[UUID, datetime, int | None, int, str, list[int]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT customer_id, at, amount, pos, zone, tags FROM past_deeds(%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                rule.branch_id,
                rule.handed_down,
                rule.event_kind,
                rule.source,
                rule.counted_by,
                since,
                until,
                MOST_EVENTS + 1,
            ],
        )
        found: list[tuple[UUID, datetime, int | None, int, str, list[int]]] = cursor.fetchall()
    return found


def _live_by_day(scope: Scope, rule: Rule, since: datetime) -> dict[date, int]:
    """By the local day of the home branch."""
    rows = (
        Earning.objects.within(scope)
        .filter(rule=rule, at__gte=since, state__in=_GIVEN, points__gt=0)
        .values_list("at", "branch__zone", "points")
    )
    gave: dict[date, int] = defaultdict(int)
    for at, zone, points in rows.iterator(2_000):
        gave[local_day(at, zone)] += points
    return gave


def _top(scope: Scope, by_customer: Mapping[UUID, list[int]]) -> list[Top]:
    most = sorted(by_customer.items(), key=lambda each: (-each[1][0], each[0]))[:_TEN]
    known = Customer.objects.within(scope).select_related("branch").in_bulk([key for key, _sums in most])
    return [Top(known[key], points, times) for key, (points, times) in most if key in known]
