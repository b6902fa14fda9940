"""Random histories of check-ins beside a plain oracle: streaks, make-ups, points, goal; and the ledger agrees."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Sum

from campaigns.lib.refusals import Refusal
from campaigns.points.models import Entry, Wallet
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import system_scope
from community.checkins.models import CheckIn, GoalCount
from community.checkins.services.looking import accept_check_in, refuse_check_in
from community.groups.models import Group
from tests.support.cast import AT, Cast
from tests.support.checkins import checked_in, group_of, live_programme

pytestmark = pytest.mark.django_db
FIRST, DAYS = date(2026, 11, 19), 26  # over the end of a month
DAY = timedelta(days=1)


@dataclass
class Oracle:
    """One customer of one programme, told in loops over days and nothing else."""

    terms: dict[str, Any]
    days: dict[date, str] = field(default_factory=dict)  # counted or held
    units: dict[date, int] = field(default_factory=dict)
    makeups: dict[date, int] = field(default_factory=dict)  # day -> what it cost
    points: dict[date, int] = field(default_factory=dict)

    def counts(self, day: date) -> bool:
        return FIRST <= day < FIRST + DAYS * DAY and day.isoweekday() in self.terms["weekdays"]

    def runs(self) -> list[list[date]]:
        found: list[list[date]] = [[]]
        for n in range(DAYS):
            day = FIRST + n * DAY
            if not self.counts(day):
                continue
            if self.days.get(day) == "counted":
                found[-1].append(day)
            else:
                found.append([])
        return [run for run in found if run]

    def streak(self, today: date) -> int:
        run, day = 0, today
        while day >= FIRST:
            if self.counts(day):
                if self.days.get(day) == "counted":
                    run += 1
                elif day != today:
                    return run
            day -= DAY
        return run

    def word(self, day: date, today: date, usable: int) -> str:
        is_makeup = day < today
        if today >= FIRST + DAYS * DAY:
            return "IsOver"
        if day > today:
            return "TooEarly"
        if is_makeup and (day < today - self.terms["makeup_days"] * DAY or day < FIRST):
            return "TooFarBack"
        if not self.counts(day):
            return "DayDoesNotCount"
        if day in self.days:
            return "AlreadyDone"
        if is_makeup and len(self.makeups) >= self.terms["makeup_most"]:
            return "MakeupsUsed"
        if is_makeup and usable < self.terms["makeup_cost"]:
            return "PointsShort"
        return ""

    def count_in(self, day: date) -> int:
        self.days[day] = "counted"
        due = sum(len(run) // self.terms["streak_days"] for run in self.runs())
        self.units[day] = max(due - sum(self.units.values()), 0)
        self.points[day] = self.terms["points"] + self.units[day] * self.terms["streak_points"]
        return self.points[day]

    def refuse(self, day: date) -> int:
        """What the customer has less by it."""
        self.units.pop(day, None)
        del self.days[day]
        return self.points.pop(day, 0) - self.makeups.pop(day, 0)


def _zone(cast: Cast, code: str, zone: str) -> ZoneInfo:
    with system_scope(at=AT, cause="test"):
        Branch.objects.filter(pk=cast.branch[code].pk).update(zone=zone)
    return ZoneInfo(zone)


@pytest.mark.parametrize(
    ("seed", "zone"), [(1, "Asia/Shanghai"), (2, "Asia/Urumqi"), (3, "America/Los_Angeles")]
)
def test_random_histories_come_out_as_a_plain_loop_says(cast: Cast, seed: int, zone: str) -> None:
    rng, here = random.Random(seed), _zone(cast, "NB", zone)
    terms = {
        "weekdays": sorted(rng.sample(range(1, 8), rng.choice([5, 6, 7]))),
        "points": 5, "streak_days": rng.choice([2, 3, 4]), "streak_points": 10, "makeup_most": 3, "makeup_days": 6,
        "makeup_cost": 4,
    }  # fmt: skip
    group = group_of(cast, "nb", "nb2")
    live_programme(
        cast, first_day=FIRST, last_day=FIRST + (DAYS - 1) * DAY, proof="text", goal_count=10_000, **terms
    )
    who = {name: (cast.customers[name].customer.pk, Oracle(terms)) for name in ("nb", "nb2")}
    balance = {"nb": 0, "nb2": 0}
    seen: dict[str, int] = {}
    moment = datetime.combine(FIRST, time(0, 5), tzinfo=here).astimezone(UTC)
    end = moment + (DAYS + 1) * DAY
    while moment < end:
        today = moment.astimezone(here).date()
        name = rng.choice(["nb", "nb2"])
        customer, oracle = who[name]
        act = rng.random()
        rows = CheckIn.objects.exclude(state="refused")
        if act < 0.8:
            day = today if rng.random() < 0.65 else today - rng.randint(-1, 8) * DAY
            expected = oracle.word(day, today, balance[name])
            hint = "保本" if rng.random() < 0.1 else ""
            got = _tried(customer, group, moment, day, today, hint)
            seen[expected or "done"] = seen.get(expected or "done", 0) + 1
            if expected or isinstance(got, Refusal):
                assert type(got).__name__ == expected, (seed, moment, day)
            else:
                cost = terms["makeup_cost"] if day < today else 0
                if day < today:
                    oracle.makeups[day] = cost
                balance[name] -= cost
                if hint:
                    oracle.days[day] = "held"
                else:
                    balance[name] += oracle.count_in(day)
                assert (got.state, got.points, got.streak, got.cost) == (
                    "held" if hint else "counted", oracle.points.get(day, 0), oracle.streak(today), cost,
                ), (seed, moment, day)  # fmt: skip
        elif oracle.days:
            day = rng.choice(sorted(oracle.days))
            with cast.nb_manager.scope(at=moment) as scope:
                row = rows.get(customer_id=customer, day=day)
                if oracle.days[day] == "held" and rng.random() < 0.7:
                    accept_check_in(scope=scope, check_in_id=row.pk)
                    balance[name] += oracle.count_in(day)
                    assert CheckIn.objects.get(pk=row.pk).points == oracle.points[day]
                elif balance[name] >= oracle.points.get(day, 0) and rng.random() < 0.4:
                    refuse_check_in(scope=scope, check_in_id=row.pk, reason="不是本人")
                    balance[name] -= oracle.refuse(day)
                    seen["refused"] = seen.get("refused", 0) + 1
        moment += timedelta(minutes=rng.randint(5, 560))
    assert {"done", "AlreadyDone", "refused", "TooFarBack"} <= seen.keys()
    with system_scope(at=moment, cause="test"):
        for name, (customer, oracle) in who.items():
            assert Wallet.objects.get(customer_id=customer).usable == balance[name]
            rows = CheckIn.objects.filter(customer_id=customer, state="counted")
            given = rows.aggregate(points=Sum("points"), cost=Sum("cost"))
            held = CheckIn.objects.filter(customer_id=customer, state="held").aggregate(cost=Sum("cost"))[
                "cost"
            ]
            assert given["points"] - given["cost"] - (held or 0) == balance[name]
            assert {row.day for row in rows} == {
                day for day, state in oracle.days.items() if state == "counted"
            }
        counted = CheckIn.objects.filter(state="counted").count()
        assert GoalCount.objects.aggregate(all=Sum("counted"))["all"] == counted
        assert Entry.objects.aggregate(all=Sum("points"))["all"] == 0


def _tried(customer: UUID, group: Group, at: datetime, day: date, today: date, hint: str) -> Any:
    try:
        asked = {} if day == today else {"day": day}
        return checked_in(customer, group, at, text="存了一笔", hint=hint, **asked)
    except Refusal as refusal:
        return refusal
