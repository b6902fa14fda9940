"""The real tables under a clock that is turned by hand: an hour's outage, two tickers, steps of the clock by an hour.

What should happen is known from the clock on the wall alone (tests/support/wall_clock.py).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from campaigns.jobs.due_models import Due
from campaigns.jobs.services.recurring import add_recurring, materialise
from campaigns.tenants.scopes import Scope, system, system_scope
from tests.support.cast import Cast
from tests.support.due import KIND, HandClock, bell, run_at
from tests.support.races import together
from tests.support.wall_clock import asked_for, every_zone, seen_at

HOUR = timedelta(hours=1)


@dataclass
class Found:
    """How it went: counts, and the longest time between a moment and its effect, outages and steps left out."""

    asked: int
    early: int
    doubled: int
    missed: int
    late_at_most: timedelta


def simulate(
    zones: Sequence[str],
    first: date,
    days: int,
    times: Sequence[str],
    *,
    tick: timedelta,
    steps: dict[int, timedelta],
    side_by_side: bool,
) -> Found:
    """Let each zone ring at `times` for `days`, a tick at a time; `steps` are taken by the clock at noon of a day.

    On day 1 nobody works for an hour and a half around noon. Every tick has two workers.
    """
    heard: list[tuple[str, str, datetime]] = []

    def hear(scope: Scope, dues: Sequence[Due]) -> None:
        heard.extend((due.subject, due.version, scope.at) for due in dues)

    rule = {"days": {"every": "day"}, "times": list(times)}
    turn = HandClock(datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1))
    begun, end = turn(), turn() + timedelta(days=days + 3)
    workers = [lambda: run_at(turn()), lambda: run_at(turn() + timedelta(seconds=1))]
    with bell(many=hear, one=lambda scope, due: hear(scope, [due])):
        with system_scope(at=begun, cause="test") as scope:
            for zone in zones:
                add_recurring(
                    scope=scope, kind=KIND, subject=f"test.zone:{zone}", rule=rule, zone=zone, first=first,
                    until=first + timedelta(days=days - 1), misfire="all",
                )  # fmt: skip
        stepped, laid = set[int](), begun
        while turn() < end:
            day, hour = divmod(turn() - begun, timedelta(days=1))
            if turn() - laid >= timedelta(days=1 if days < 100 else 20):
                print(f"{turn():%Y-%m-%d} heard {len(heard)}", flush=True)
                materialise(scope=system(at=turn(), cause="test"), clock=turn)
                laid = turn()
            if day in steps and day not in stepped and hour >= 12 * HOUR:
                stepped.add(day)
                turn.at += steps[day]
            if side_by_side and turn().hour == 18:
                together(workers)
            elif not (day == 1 and 11.5 * HOUR <= hour < 13 * HOUR):
                for work in workers:
                    work()
            turn.at += tick
    return _judge(zones, first, days, times, heard)


def _judge(
    zones: Sequence[str], first: date, days: int, times: Sequence[str], heard: list[tuple[str, str, datetime]]
) -> Found:
    asked = asked_for(first, days, times)
    expected = {
        (f"test.zone:{zone}", f"{local:%Y-%m-%dT%H:%M}"): at
        for zone in zones
        for local, at in seen_at(zone, asked, by_minutes=False).items()
    }
    many = Counter((subject, version) for subject, version, _at in heard)
    assert set(many) <= set(expected)
    late = [at - expected[subject, version] for subject, version, at in heard]
    return Found(
        asked=len(expected),
        early=sum(each < timedelta() for each in late),
        doubled=sum(count - 1 for count in many.values()),
        missed=len(expected) - len(many),
        late_at_most=max(late),
    )


def _is_flawless(found: Found, tick: timedelta) -> None:
    assert (found.early, found.doubled, found.missed) == (0, 0, 0)
    # A step forward makes late by as much; so does the outage.
    assert found.late_at_most <= 1.5 * HOUR + tick + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("first", "zone"),
    [(date(2027, 3, 13), "America/New_York"), (date(2026, 10, 24), "Europe/Berlin")],
)
def test_nothing_is_early_nothing_twice_and_nothing_missed(
    committed_cast: Cast, first: date, zone: str
) -> None:
    tick = timedelta(minutes=30)
    found = simulate(
        [zone, "Australia/Lord_Howe", "Asia/Shanghai"], first, 3, ["02:30", "12:00", "23:59"],
        tick=tick, steps={2: HOUR, 3: -HOUR}, side_by_side=True,
    )  # fmt: skip
    assert found.asked == 27
    _is_flawless(found, tick)


@pytest.mark.proof
@pytest.mark.parametrize("part", [0, 1])
def test_two_years_in_every_zone(committed_cast: Cast, part: int) -> None:
    """In two parts, for two processors (-n 2 --dist load)."""
    tick = timedelta(minutes=30)
    steps: dict[int, Any] = {100: HOUR, 200: -HOUR, 500: HOUR, 501: -HOUR}
    zones = every_zone()[part::2]
    found = simulate(zones, date(2026, 11, 22), 731, ["02:30"], tick=tick, steps=steps, side_by_side=False)
    print(found)
    assert found.asked == 731 * len(zones)
    _is_flawless(found, tick)
