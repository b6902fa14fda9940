"""What one event comes to: examples, and what must hold of any."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.points.earning_rules import (
    Boost,
    Counted,
    Deed,
    Giving,
    Span,
    Verdict,
    counted_with,
    starts,
    verdict,
)

SUNDAY = date(2026, 11, 22)
SPANS = {7: Span(100, 199), 8: Span(120, 129)}


def giving(**more: Any) -> Giving:
    return Giving(**{"points": 1, "caps": {}, "times": {}, "spans": SPANS} | more)


def deed(amount: int | None = None, day: date = SUNDAY, pos: int = 125, tags: Any = ()) -> Deed:
    return Deed(day, amount, pos, frozenset(tags))


@pytest.mark.parametrize(
    ("rule", "did", "said"),
    [
        (giving(points=5), deed(), Verdict(5, 5, "")),
        # For every full ten yuan; the multiplier is applied before it is rounded down.
        (giving(per=10_00), deed(99_99), Verdict(9, 9, "")),
        (giving(per=10_00, boosts=[Boost("weekday", 7, 150)]), deed(99_99), Verdict(13, 13, "")),
        (giving(per=10_00), deed(9_99), Verdict(0, 0, "too_little")),
        (giving(per=10_00), deed(-50_00), Verdict(0, 0, "too_little")),
        (giving(per=10_00), deed(None), Verdict(0, 0, "too_little")),
        # The highest applies; they do not multiply each other.
        (
            giving(
                points=10, boosts=[Boost("weekday", 7, 200), Boost("tag", 3, 300), Boost("branch", 8, 150)]
            ),
            deed(tags=[3]),
            Verdict(30, 30, ""),
        ),
        (giving(points=10, boosts=[Boost("branch", 8, 200)]), deed(pos=130), Verdict(10, 10, "")),
        (giving(points=10, boosts=[Boost("branch", 9, 200)]), deed(), Verdict(10, 10, "")),
        (giving(branches=[8]), deed(pos=130), Verdict(0, 0, "not_for")),
        (giving(branches=[8, 7]), deed(pos=130), Verdict(1, 1, "")),
        (giving(tags_any=frozenset({3})), deed(), Verdict(0, 0, "not_for")),
        (giving(tags_none=frozenset({3})), deed(tags=[3]), Verdict(0, 0, "not_for")),
        # Caps trim, the narrowest of them; times refuse, and before that.
        (giving(points=10, caps={"day": 25, "month": 8}), deed(), Verdict(10, 8, "trimmed")),
        (giving(points=10, caps={"day": 0}), deed(), Verdict(10, 0, "capped")),
        (giving(points=10, times={"day": 0}, caps={"day": 5}), deed(), Verdict(10, 0, "times_day")),
        (giving(points=10, times={"all": 0}), deed(), Verdict(10, 0, "times_all")),
        (giving(points=10**9, per=1), deed(10**13), Verdict(10**9, 10**9, "")),
    ],
)
def test_what_an_event_comes_to(rule: Giving, did: Deed, said: Verdict) -> None:
    assert verdict(giving=rule, deed=did, counted={}) == said


def test_a_week_begins_on_monday_and_a_month_on_its_first() -> None:
    assert [starts(each, SUNDAY) for each in ("day", "week", "month", "all")] == [
        SUNDAY, date(2026, 11, 16), date(2026, 11, 1), date(1, 1, 1),
    ]  # fmt: skip


@given(
    points=st.integers(1, 50),
    caps=st.dictionaries(st.sampled_from(["day", "week", "month", "all"]), st.integers(1, 200)),
    times=st.dictionaries(st.sampled_from(["day", "all"]), st.integers(1, 6)),
    percent=st.integers(1, 1_000),
    days=st.lists(st.tuples(st.integers(0, 40), st.integers(-10, 500)), max_size=30),
)
def test_no_history_gives_more_than_a_cap_and_every_trim_is_told(
    points: int, caps: dict[str, int], times: dict[str, int], percent: int, days: list[tuple[int, int]]
) -> None:
    rule = giving(points=points, per=7, caps=caps, times=times, boosts=[Boost("weekday", 7, percent)])
    held: dict[tuple[str, date], Counted] = {}
    for after, amount in days:
        day = SUNDAY + timedelta(days=after)
        counted = {each: held.get((each, starts(each, day)), Counted(0, 0)) for each in rule.periods()}
        said = verdict(giving=rule, deed=deed(amount, day), counted=counted)
        left = [cap - counted[period].points for period, cap in caps.items()]
        is_full = any(counted[period].times >= most for period, most in times.items())
        # An oracle of its own: so much as is asked, no more than any cap leaves, nothing once the times are over.
        factor = percent if day.isoweekday() == 7 else 100
        asked = max(amount, 0) // 7 * points * factor // 100
        assert said.asked == asked
        assert said.points == (0 if is_full and asked else min([asked, *left]))
        assert bool(said.word) == (said.points < asked or asked == 0)
        if said.points:
            now = counted_with(counted, said.points, rule.periods())
            held |= {(each, starts(each, day)): now[each] for each in rule.periods()}
    for (period, _first), count in held.items():
        assert count.points <= caps.get(period, 10**9)
        assert count.times <= times.get(period, 10**9)
