"""When recurring things happen: every zone, both changes of the clock, the Chinese calendar and its end."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.jobs.recurring_rules import (
    CalendarEnds,
    NoSuchZone,
    RuleIsWrong,
    calendar_until,
    checked,
    days_of,
    moment_of,
    occurrences,
)
from tests.support.wall_clock import asked_for, every_zone, seen_at, wall

NASTY = ["00:00", "00:30", "01:30", "02:00", "02:30", "03:00", "12:00", "23:30", "23:59"]
FIRST, TWO_YEARS = date(2026, 11, 22), 731
DAILY = {"days": {"every": "day"}, "times": NASTY}
# A jump of half an hour, of two hours, at midnight, in Ramadan, beyond the date line; and places that never change.
SOME = [
    "America/New_York", "Australia/Lord_Howe", "Antarctica/Troll", "America/Havana", "Africa/Casablanca",
    "Africa/Cairo", "Pacific/Chatham", "Pacific/Kiritimati", "Europe/Berlin", "America/Santiago", "Asia/Beirut",
    "Asia/Shanghai", "Asia/Kathmandu", "America/Asuncion", "Asia/Gaza",
]  # fmt: skip


def agrees(zone: str, days: int, *, by_minutes: bool) -> int:
    """Compare our moments with the oracle's; how many."""
    ours = occurrences(DAILY, zone, FIRST, FIRST + timedelta(days=days - 1))
    seen = seen_at(zone, asked_for(FIRST, days, NASTY), by_minutes=by_minutes)
    assert dict(ours) == seen, zone
    assert [local for local, _at in ours] == sorted(seen)
    return len(ours)


@pytest.mark.parametrize("zone", SOME)
def test_each_time_is_when_the_clock_on_the_wall_first_shows_it_or_has_passed_it(zone: str) -> None:
    assert agrees(zone, TWO_YEARS, by_minutes=False) == TWO_YEARS * len(NASTY)


def test_the_oracle_sees_what_the_papers_say() -> None:
    spring, autumn = datetime.fromisoformat("2027-03-14T02:30"), datetime.fromisoformat("2027-11-07T01:30")
    for by_minutes in (True, False):
        for local, expected in ((spring, (7, 0)), (autumn, (5, 30))):
            seen = seen_at("America/New_York", [local], by_minutes=by_minutes)[local]
            assert (seen.hour, seen.minute) == expected
            assert moment_of(local, "America/New_York") == seen


@pytest.mark.proof
def test_every_zone_of_tzdata_for_two_years_minute_by_minute() -> None:
    alike: dict[tuple[datetime, ...], str] = {}
    hours = [datetime(2026, 11, 20, tzinfo=UTC) + timedelta(minutes=30 * n) for n in range(48 * 740)]
    for zone in every_zone():
        assert agrees(zone, TWO_YEARS, by_minutes=False)
        where = ZoneInfo(zone)
        alike.setdefault(tuple(wall(moment, where) for moment in hours[::2]), zone)
    for zone in alike.values():
        agrees(zone, TWO_YEARS, by_minutes=True)
    print(f"{len(every_zone())} zones, {len(alike)} of them unlike each other: wrong 0")


@given(st.sampled_from(every_zone()), st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001
def test_a_moment_is_never_before_its_wall_clock_and_never_far_after(zone: str, local: datetime) -> None:
    local = local.replace(second=0, microsecond=0, fold=0)
    at = moment_of(local, zone)
    shown = wall(at, ZoneInfo(zone))
    assert timedelta() <= shown - local <= timedelta(days=1)
    assert shown == local or wall(at - timedelta(minutes=1), ZoneInfo(zone)) < local


@given(
    st.one_of(
        st.builds(lambda days: {"weekdays": days}, st.lists(st.integers(1, 7), min_size=1)),
        st.builds(
            lambda days: {"month_days": days}, st.lists(st.sampled_from([-1, *range(1, 32)]), min_size=1)
        ),
        st.just({"every": "day"}),
    ),
    st.dates(date(2024, 1, 1), date(2032, 1, 1)),
)
def test_days_are_those_that_one_would_tick_in_a_calendar(days: dict[str, object], first: date) -> None:
    rule = checked({"days": days, "times": ["09:00", "09:00", "08:00"]})
    assert rule["times"] == ["08:00", "09:00"]
    until = first + timedelta(days=100)
    found = set(days_of(rule, first, until))
    for n in range(101):
        day = first + timedelta(days=n)
        is_last = (day + timedelta(days=1)).month != day.month
        wanted: object = days.get("weekdays") or days.get("month_days")
        if "weekdays" in days:
            meant = day.isoweekday() in wanted  # type: ignore[operator]
        elif "month_days" in days:
            meant = day.day in wanted or (is_last and -1 in wanted)  # type: ignore[operator]
        else:
            meant = True
        assert (day in found) == meant


def test_make_up_days_are_workdays_and_beyond_the_published_year_nothing_is_guessed() -> None:
    workdays = {"days": {"every": "workday"}, "times": ["09:00"]}
    rest_days = {"days": {"every": "rest_day"}, "times": ["09:00"]}
    holidays = (
        date(2026, 10, 1),
        date(2026, 10, 10),
    )  # the National Day's week, and the Saturday made up for it
    assert date(2026, 10, 10) in days_of(workdays, *holidays)
    assert date(2026, 10, 1) in days_of(rest_days, *holidays)
    assert set(days_of(workdays, *holidays)) | set(days_of(rest_days, *holidays)) == {
        date(2026, 10, day) for day in range(1, 11)
    }
    end = calendar_until()
    assert days_of(workdays, end, end) in ([], [end])
    for rule in (workdays, rest_days):
        with pytest.raises(CalendarEnds) as refused:
            days_of(rule, end, end + timedelta(days=1))
    assert str(end.year) in refused.value.detail("zh") and str(end.year) in refused.value.detail("en")


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"days": {"every": "day"}},
        {"days": {"every": "year"}, "times": ["09:00"]},
        {"days": {"weekdays": [0]}, "times": ["09:00"]},
        {"days": {"weekdays": [True]}, "times": ["09:00"]},
        {"days": {"month_days": [-2]}, "times": ["09:00"]},
        {"days": {"month_days": []}, "times": ["09:00"]},
        {"days": {"every": "day", "weekdays": [1]}, "times": ["09:00"]},
        {"days": {"every": "day"}, "times": []},
        {"days": {"every": "day"}, "times": ["24:00"]},
        {"days": {"every": "day"}, "times": "09:00"},
        {"days": "day", "times": ["09:00"]},
    ],
)
def test_a_rule_that_means_nothing_is_refused(rule: dict[str, object]) -> None:
    with pytest.raises(RuleIsWrong):
        checked(rule)


def test_a_zone_that_is_none_is_refused() -> None:
    for name in ("Mars/Base", "../etc/passwd", ""):
        with pytest.raises(NoSuchZone):
            occurrences(DAILY, name, FIRST, FIRST)
