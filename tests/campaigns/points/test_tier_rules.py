"""Tiers: the database's sums beside plain ones, and its judgement beside an oracle's, over histories of points."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from campaigns.points.models import CustomerTier, TierChange
from campaigns.points.refusals.tiers import PeriodUnclear, TiersMissing, TiersOutOfOrder, TierUnclear
from campaigns.points.rules import expires_at
from campaigns.points.services.postings import Accrual, accrue_points, reverse_points
from campaigns.points.services.ratings import rate_customers
from campaigns.points.tier_rules import counts_from, own_price
from campaigns.points.tier_sentences import scheme_sentence, tier_sentence
from campaigns.points.tier_terms import TierTerms, read_terms
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.tiers import BASE, GOLD, SILVER, TERMS, live_tiers

ZONES = ["Asia/Shanghai", "Asia/Urumqi", "America/New_York", "UTC"]
STEPS = [0, 1_000, 5_000]
CODES = ["base", "silver", "gold"]


# --- what a scheme says -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "refusal"),
    [
        ({"tiers": (BASE,)}, TiersMissing),
        ({"tiers": (SILVER, GOLD)}, TiersMissing),
        ({"tiers": (BASE, GOLD, SILVER)}, TiersOutOfOrder),
        ({"tiers": (BASE, SILVER, replace(GOLD, threshold=1_000))}, TiersOutOfOrder),
        ({"tiers": (BASE, SILVER, replace(GOLD, threshold=2_000_000_001))}, TiersOutOfOrder),
        ({"tiers": (BASE, SILVER, replace(GOLD, code="silver"))}, TierUnclear),
        ({"tiers": (BASE, replace(GOLD, code="Gold"))}, TierUnclear),
        ({"tiers": (BASE, replace(GOLD, multiplier=9))}, TierUnclear),
        ({"tiers": (BASE, replace(GOLD, discount=91))}, TierUnclear),
        ({"tiers": (BASE, replace(GOLD, name=" "))}, TierUnclear),
        ({"notice_days": 6}, PeriodUnclear),
        ({"period": "year"}, PeriodUnclear),
        ({"months": None}, PeriodUnclear),
        ({"counts": ()}, PeriodUnclear),
        ({"counts": ("transfer",)}, PeriodUnclear),
    ],
)
def test_what_is_unclear_is_refused(terms: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        replace(TERMS, **terms).check()


def test_terms_are_frozen_read_back_and_said() -> None:
    TERMS.check()
    again = read_terms(TERMS.columns())
    assert again.columns() == TERMS.columns()
    assert (
        tier_sentence(tier=GOLD, language="zh-hans")
        == "5,000 分；积分 1.5 倍；积分商城 9 折；贵宾厅：每年 2 次"
    )
    assert tier_sentence(tier=SILVER, language="en") == "1,000 points; points ×1.2; 5% off in the points mall"
    assert "近12个月" in scheme_sentence(terms=TERMS, language="zh-hans")
    year = replace(TERMS, period="year", months=None, keep_ends="year", keep_months=1)
    assert scheme_sentence(terms=year, language="en") == (
        "Up at once when the points of the calendar year reach a tier; kept for 1 month, to the end of that year; if"
        " points do not suffice then, down after 30 days of notice"
    )


@pytest.mark.parametrize(
    ("day", "months", "first"),
    [
        ("2026-02-28", 1, "2026-01-29"),
        ("2026-03-01", 1, "2026-02-02"),
        ("2026-03-31", 1, "2026-03-01"),
        ("2028-02-29", 12, "2027-03-01"),
        ("2026-11-23", 12, "2025-11-24"),
        ("2026-01-01", None, "2026-01-01"),
        ("2026-12-31", None, "2026-01-01"),
    ],
)
def test_the_first_day_that_counts(day: str, months: int | None, first: str) -> None:
    assert counts_from(day=date.fromisoformat(day), months=months).isoformat() == first


def test_the_database_counts_the_same_days_and_prices(cast: Cast) -> None:
    days: list[tuple[date, int | None, str]] = []
    prices: list[tuple[int, int]] = []

    @given(
        st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.none() | st.integers(1, 60), st.sampled_from(ZONES)
    )
    def collect(day: date, months: int | None, zone: str) -> None:
        days.append((day, months, zone))

    @given(st.integers(1, 2_000_000_000), st.integers(0, 90))
    def priced(points: int, discount: int) -> None:
        prices.append((points, discount))

    collect()
    priced()
    days += [(date(2026, month, 28), 1, ZONES[0]) for month in range(1, 13)]
    with system_scope(at=AT, cause="test"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT points_tier_since(d, CASE WHEN m IS NULL THEN 'year' ELSE 'rolling' END, m, z)"
            " FROM unnest(%s::date[], %s::int[], %s::text[]) WITH ORDINALITY AS u (d, m, z, n) ORDER BY n",
            [list(column) for column in zip(*days, strict=True)],
        )
        told = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT points_less(p, d) FROM unnest(%s::int[], %s::int[]) WITH ORDINALITY AS u (p, d, n)"
            " ORDER BY n",
            [list(column) for column in zip(*prices, strict=True)],
        )
        asked = [row[0] for row in cursor.fetchall()]
    ours = [
        datetime.combine(counts_from(day=day, months=months), datetime.min.time(), ZoneInfo(zone))
        for day, months, zone in days
    ]
    assert [pair for pair in zip(days, told, ours, strict=True) if pair[1] != pair[2]] == []
    assert asked == [own_price(points=points, discount=discount) for points, discount in prices]


# --- the oracle -------------------------------------------------------------------------------------------------------


@dataclass
class Oracle:
    """One customer's tier by the rules of the room's README, in plain Python."""

    terms: TierTerms
    zone: str
    posted: list[tuple[datetime, int, bool]] = field(default_factory=list)  # moment, points, still counts
    place: int = 0
    kept_until: datetime | None = None
    noticed_at: datetime | None = None
    told: list[str] = field(default_factory=list)

    def _since(self, moment: datetime) -> datetime:
        day = moment.astimezone(ZoneInfo(self.zone)).date()
        first = counts_from(day=day, months=self.terms.months)
        return datetime.combine(first, datetime.min.time(), ZoneInfo(self.zone))

    def _sum(self, since: datetime) -> int:
        return sum(points for at, points, counts in self.posted if counts and at >= since)

    def _ends(self, begins: datetime) -> datetime:
        return expires_at(
            begins=begins, months=self.terms.keep_months, ends=self.terms.keep_ends, zone=self.zone
        )

    def _reached(self, points: int) -> int:
        return max(n for n, threshold in enumerate(STEPS) if threshold <= points)

    def judge(self, now: datetime) -> None:
        up = self._reached(self._sum(self._since(now)))
        if up > self.place:
            self.place, self.kept_until, self.noticed_at = up, self._ends(now), None
            self.told.append("reached")
            return
        if self.kept_until is None:
            return
        last = self.kept_until - timedelta(microseconds=1)
        kept = self._sum(self._since(last))
        is_over = self.kept_until <= now
        notice = timedelta(days=self.terms.notice_days)
        if kept >= STEPS[self.place]:
            if is_over:
                self._new_term(last, now)
                self.told.append("renewed")
            elif self.noticed_at is not None:
                self.told.append("withdrawn")
            self.noticed_at = None
        elif self.noticed_at is None:
            if now >= self.kept_until - notice:
                self.noticed_at = now
                self.told.append("notice")
        elif is_over and now >= self.noticed_at + notice:
            self.place = self._reached(kept)
            self._new_term(last, now)
            self.noticed_at = None
            self.told.append("not_kept")

    def _new_term(self, last: datetime, now: datetime) -> None:
        ends = self._ends(last)
        self.kept_until = None if self.place == 0 else ends if ends > now else self._ends(now)


# Rolling and by the year, terms that end with the day and with the year, a notice longer than the term.
SCHEMES: list[dict[str, Any]] = [
    {},
    {"months": 1, "keep_months": 0, "keep_ends": "day", "notice_days": 7},
    {"months": 3, "keep_months": 1, "keep_ends": "day", "notice_days": 40},
    {"months": 12, "keep_months": 6, "keep_ends": "quarter", "notice_days": 7},
    {"period": "year", "months": None, "keep_months": 12, "keep_ends": "year"},
    {"period": "year", "months": None, "keep_months": 0, "keep_ends": "year", "notice_days": 7},
]
Deeds = list[tuple[Any, ...]]
# Days pass, points come (also just before and after midnight), are taken back; the tier is judged.
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("earn"), st.sampled_from([1, 400, 999, 1_000, 1_001, 4_000, 4_999, 5_000])),
        st.tuples(st.just("undo"), st.integers(0, 5)),
        st.tuples(st.just("days"), st.sampled_from([1, 6, 7, 28, 29, 30, 31, 90, 365])),
        st.tuples(st.just("edge"), st.sampled_from(["last", "midnight", "month", "notice", "kept", "falls"])),
        st.tuples(st.just("judge")),
    ),
    min_size=4,
    max_size=20,
)
# Reached, told of the fall at the end, fallen; kept by points that came in time; told, and kept by what came then.
ALWAYS: list[Deeds] = [
    [("earn", 5_000), ("judge",), ("edge", "kept"), ("judge",), ("edge", "falls"), ("judge",), ("edge", "kept"),
     ("judge",), ("edge", "falls"), ("judge",)],
    [("earn", 999), ("judge",), ("earn", 1), ("judge",), ("undo", 0), ("judge",), ("edge", "kept"), ("judge",),
     ("earn", 1_000), ("judge",), ("edge", "kept"), ("earn", 1_000), ("judge",), ("edge", "kept"), ("judge",)],
    [("earn", 1_000), ("judge",), ("edge", "notice"), ("judge",), ("earn", 1_000), ("judge",), ("edge", "kept"),
     ("judge",), ("edge", "notice"), ("judge",), ("earn", 999), ("judge",), ("edge", "falls"), ("judge",)],
    [("edge", "month"), ("earn", 1_000), ("judge",), ("edge", "midnight"), ("earn", 4_000), ("judge",),
     ("edge", "kept"), ("judge",), ("days", 6), ("judge",), ("days", 1), ("judge",)],
]  # fmt: skip


def _edge(oracle: Oracle, now: datetime, which: str) -> datetime:
    zone = ZoneInfo(oracle.zone)
    day = now.astimezone(zone).date()
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone).astimezone(UTC)
    if which == "month":
        first = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        return datetime.combine(first, datetime.min.time(), zone).astimezone(UTC) - timedelta(microseconds=1)
    notice = timedelta(days=oracle.terms.notice_days)
    if which == "notice" and oracle.kept_until is not None:
        return max(now, oracle.kept_until - notice)
    if which == "kept" and oracle.kept_until is not None:
        return max(now, oracle.kept_until)
    if which == "falls" and oracle.noticed_at is not None and oracle.kept_until is not None:
        return max(now, oracle.kept_until, oracle.noticed_at + notice)
    return midnight - timedelta(microseconds=1) if which == "last" else midnight


def _search(play: Callable[[str, Deeds], None]) -> None:
    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(st.sampled_from(ZONES[:3]), DEEDS)
    def search(zone: str, deeds: Deeds) -> None:
        play(zone, deeds)

    search()


class _Undone(Exception):
    """Rolls a history back."""


def test_the_database_judges_as_an_oracle_does(cast: Cast) -> None:
    """Period edges, ends of months, zones, claw-backs, equal thresholds: what was told, the tier and its end agree
    after every judgement; and nobody fell without a notice that was old enough.
    """
    who, branch = cast.customers["nb"].customer.pk, cast.branch["NB"]
    seen: set[str] = set()

    def play(terms: dict[str, Any], zone: str, deeds: Deeds) -> None:
        with system_scope(at=AT, cause="test"):
            Branch.objects.filter(pk=branch.pk).update(zone=zone)
        oracle = Oracle(replace(TERMS, **terms), zone)
        now, made = AT, list[UUID]()
        for kind, *more in [*deeds, ("judge",)]:
            if kind == "days":
                now += timedelta(days=more[0])
            elif kind == "edge":
                now = _edge(oracle, now, more[0])
            elif kind == "earn":
                with system_scope(at=now, cause="test") as scope:
                    [posted] = accrue_points(
                        scope=scope,
                        accruals=[Accrual(who, more[0], uuid4())],
                        issuer_id=branch.pk,
                        title="签到",
                    )
                assert posted is not None
                made.append(posted.movement_id)
                oracle.posted.append((now, more[0], True))
            elif kind == "undo":
                left = [n for n, (_at, _points, counts) in enumerate(oracle.posted) if counts]
                if not left:
                    continue
                n = left[more[0] % len(left)]
                with system_scope(at=now, cause="test") as scope:
                    reverse_points(
                        scope=scope, movement_id=made[n], customer_id=who, key=uuid4(), title="作废"
                    )
                oracle.posted[n] = (*oracle.posted[n][:2], False)
            else:
                with system_scope(at=now, cause="test") as scope:
                    rate_customers(scope=scope, customer_ids=[who])
                oracle.judge(now)
                _agree(oracle, who, now)
        seen.update(oracle.told)

    scheme = None
    for terms in SCHEMES:
        scheme = live_tiers(cast, scheme=scheme, **terms)

        def once(zone: str, deeds: Deeds, terms: dict[str, Any] = terms) -> None:
            with pytest.raises(_Undone), transaction.atomic():
                play(terms, zone, deeds)
                raise _Undone

        for zone in ZONES[:3]:
            for deeds in ALWAYS:
                once(zone, deeds)

        _search(once)
    assert seen == {"reached", "renewed", "notice", "withdrawn", "not_kept"}


def _agree(oracle: Oracle, who: UUID, now: datetime) -> None:
    with system_scope(at=now, cause="look"):
        held = CustomerTier.objects.filter(customer_id=who).first()
        changes = list(TierChange.objects.filter(customer_id=who).order_by("id"))
    assert [each.why for each in changes] == oracle.told, (oracle, now)
    has = (held.code, held.kept_until, held.noticed_at) if held else ("base", None, None)
    assert has == (CODES[oracle.place], oracle.kept_until, oracle.noticed_at), (oracle, now)
    for n, each in enumerate(changes):
        if each.why == "not_kept":
            notices = [before.at for before in changes[:n] if before.why == "notice"]
            assert notices and notices[-1] <= each.at - timedelta(days=oracle.terms.notice_days)
            assert each.kept_until is None or each.kept_until > each.at
