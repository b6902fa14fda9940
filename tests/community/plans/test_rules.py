"""When cards fall due, against a calendar that is walked day by day and minute by minute."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from community.plans import rules
from community.plans.rules import Joining, Occurrence, OnHoliday

QUIET = (time(21), time(8))
SHANGHAI = "Asia/Shanghai"
ZONES = [SHANGHAI, "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Urumqi"]

day_rules = st.one_of(
    st.dates(date(2026, 1, 1), date(2027, 3, 1)).map(lambda day: {"on": day.isoformat()}),
    st.sets(st.integers(1, 7), min_size=1).map(lambda days: {"weekdays": sorted(days)}),
    st.just({"workdays": True}),
    st.integers(1, 12).map(lambda n: {"every": n}),
    st.integers(0, 60).map(lambda n: {"day": n}),
)
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))


def oracle_day(rule: dict[str, Any], day: date, zero: date) -> bool:
    """Is it one of the rule's days? Written down once more, by counting."""
    match rule:
        case {"on": text}:
            return text == f"{day:%Y-%m-%d}"
        case {"weekdays": numbers}:
            return (day - date(2024, 1, 1)).days % 7 + 1 in numbers  # a Monday
        case {"workdays": _}:
            if day.year > 2026:
                return day.weekday() < 5
            return bool(chinese_calendar.is_workday(day))
        case {"every": n}:
            return day in {zero + timedelta(days=n * k) for k in range(500)}
        case {"day": n}:
            return day - timedelta(days=n) == zero
    raise AssertionError


def wall(moment: datetime, zone: str) -> datetime:
    """What the clock on the wall shows."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def oracle(
    rule: dict[str, Any], holiday: str, at: time, zero: date, zone: str,
    day: date = date(2025, 12, 1), until: date = date(2027, 6, 1),
) -> set[tuple[date, datetime]]:  # fmt: skip
    """All of it for these days, as a patient person would write it into a diary."""
    found: set[tuple[date, datetime]] = set()
    while day < until:
        if oracle_day(rule, day, zero):
            goes: date | None = day
            is_off = day.year <= 2026 and day in chinese_calendar.holidays
            if is_off and holiday == "skip":
                goes = None
            elif is_off and holiday in ("next", "previous"):
                goes = day
                while not (chinese_calendar.is_workday(goes) if goes.year <= 2026 else goes.weekday() < 5):
                    goes += timedelta(days=1 if holiday == "next" else -1)
            if goes is not None:
                local = datetime.combine(goes, at)
                while local.hour >= 21 or local.hour < 8:
                    local = (local + timedelta(minutes=1)).replace(second=0)
                # The first moment at which the wall shows it, or has gone past it.
                moment = local.replace(tzinfo=UTC) - timedelta(hours=13)
                for step in (timedelta(minutes=30), timedelta(minutes=1)):
                    while wall(moment + step, zone) < local:
                        moment += step
                moment += timedelta(minutes=1)
                found.add((goes, moment))
        day += timedelta(days=1)
    return found


@settings(max_examples=60, deadline=None)
@given(
    rule=day_rules,
    holiday=st.sampled_from(list(OnHoliday)),
    at=times,
    zero=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    zone=st.sampled_from(ZONES),
    first=st.datetimes(datetime.fromisoformat("2026-01-05"), datetime.fromisoformat("2026-12-01")),
    days=st.integers(1, 60),
)
def test_cards_fall_due_as_in_a_diary(
    rule: dict[str, Any], holiday: OnHoliday, at: time, zero: date, zone: str, first: datetime, days: int
) -> None:
    begins = first.replace(tzinfo=UTC)
    ends = begins + timedelta(days=days)
    found = rules.occurrences(
        rule, at, holiday, zero=zero, last=None, zone=zone, quiet=QUIET, first=begins, until=ends
    )
    # No holiday moves a card farther than three weeks.
    around = (begins.date() - timedelta(days=21), ends.date() + timedelta(days=21))
    wanted = {
        (day, due) for day, due in oracle(rule, holiday, at, zero, zone, *around) if begins <= due < ends
    }
    assert [(each.day, each.due_at) for each in found] == sorted(wanted)
    assert len({each.occasion for each in found}) == len(found)
    # Asked in two pieces, nothing is lost between them and nothing comes twice.
    middle = begins + (ends - begins) / 3
    pieces = [
        rules.occurrences(rule, at, holiday, zero=zero, last=None, zone=zone, quiet=QUIET, first=a, until=b)
        for a, b in ((begins, middle), (middle, ends))
    ]
    assert [*pieces[0], *pieces[1]] == found


def due(rule: dict[str, Any], holiday: str = "post", at: str = "09:00", **more: Any) -> list[Occurrence]:
    given: dict[str, Any] = {"zero": date(2026, 9, 20), "last": None, "zone": SHANGHAI, "quiet": QUIET}
    given |= {"first": datetime(2026, 9, 20, tzinfo=UTC), "until": datetime(2026, 10, 12, tzinfo=UTC)}
    return rules.occurrences(rule, time.fromisoformat(at), holiday, **(given | more))


def days(found: list[Occurrence]) -> list[str]:
    return [f"{each.day:%m-%d}" for each in found]


def test_round_the_national_day_of_2026() -> None:
    # October 1 to 7 are off; September 20 and October 10 are worked for it.
    assert days(due({"day": 11})) == ["10-01"]
    assert days(due({"day": 11}, "next")) == ["10-08"]
    assert days(due({"day": 11}, "previous")) == ["09-30"]
    assert due({"day": 11}, "skip") == []
    # A week of days off becomes one post and not seven.
    assert days(due({"every": 1}, "next", first=datetime(2026, 9, 30, tzinfo=UTC)))[:3] == [
        "09-30", "10-08", "10-09",
    ]  # fmt: skip
    # A make-up Saturday is a working day.
    assert "10-10" in days(due({"workdays": True}))
    assert "10-03" not in days(due({"workdays": True}))


def test_quiet_hours_the_end_and_what_is_not_known() -> None:
    [late] = due({"day": 1}, at="22:30")
    assert (late.day, late.due_at) == (date(2026, 9, 21), datetime(2026, 9, 22, 0, 0, tzinfo=UTC))
    [early] = due({"day": 1}, at="06:00")
    assert early.due_at == datetime(2026, 9, 21, 0, 0, tzinfo=UTC)
    assert rules.is_quiet(time(12, 30), (time(12), time(14)))
    assert not rules.is_quiet(time(8), QUIET)
    last = rules.last_day(zero=date(2026, 9, 20), days=2, ends_on=date(2026, 12, 1))
    assert last == date(2026, 9, 22)
    assert days(due({"every": 1}, last=last, first=datetime(2026, 9, 19, tzinfo=UTC))) == [
        "09-20", "09-21", "09-22",
    ]  # fmt: skip
    # What belongs to the last day comes later when that is a holiday; nothing that belongs to later days does.
    assert days(due({"every": 1}, "next", last=date(2026, 10, 1)))[-1] == "10-08"
    assert rules.last_day(zero=date(2026, 9, 20), days=None, ends_on=None) is None
    [guess] = due(
        {"on": "2027-01-01"}, "next",
        first=datetime(2026, 12, 1, tzinfo=UTC), until=datetime(2027, 2, 1, tzinfo=UTC),
    )  # fmt: skip
    assert (guess.day, guess.is_certain) == (date(2027, 1, 1), False)
    assert rules.ends_early(members=50, end_members=50)
    assert not rules.ends_early(members=49, end_members=50)
    assert not rules.ends_early(members=49, end_members=None)


def test_each_member_has_days_of_its_own() -> None:
    morning, evening = datetime(2026, 9, 21, 0, 30, tzinfo=UTC), datetime(2026, 9, 21, 14, 0, tzinfo=UTC)
    one, two = uuid4(), uuid4()
    joined = [Joining(one, date(2026, 9, 21), morning), Joining(two, date(2026, 9, 21), evening)]

    def of_members(n: int, holiday: str = "post") -> dict[UUID | None, datetime]:
        found = rules.occurrences_of_members(
            {"joined": n}, time(9), holiday, joinings=joined, last=None, zone=SHANGHAI, quiet=QUIET,
            first=datetime(2026, 9, 1, tzinfo=UTC), until=datetime(2026, 11, 1, tzinfo=UTC),
        )  # fmt: skip
        assert len({each.occasion for each in found}) == len(found)
        return {each.member_id: each.due_at for each in found}

    # Welcomed at nine, or at the moment of joining when that is later; at night in the morning after.
    assert of_members(0) == {
        one: datetime(2026, 9, 21, 1, 0, tzinfo=UTC),
        two: datetime(2026, 9, 22, 0, 0, tzinfo=UTC),
    }
    assert set(of_members(3).values()) == {datetime(2026, 9, 24, 1, 0, tzinfo=UTC)}
    assert set(of_members(10, "next").values()) == {datetime(2026, 10, 8, 1, 0, tzinfo=UTC)}
    assert of_members(10, "skip") == {}


@pytest.mark.parametrize(
    ("due_at", "at", "goes"),
    [
        ("2026-09-21T01:00", "2026-09-21T09:00", True),  # eight hours late, the same day
        ("2026-09-21T01:00", "2026-09-22T01:00", False),  # the next day
        ("2026-09-21T12:55", "2026-09-21T13:05", True),  # quiet hours began meanwhile
        ("2026-09-21T12:40", "2026-09-21T13:05", False),
    ],
)
def test_what_is_late_goes_out_on_its_day_or_never(due_at: str, at: str, goes: bool) -> None:
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (due_at, at)]
    assert rules.may_still_go(due_at=moments[0], at=moments[1], zone=SHANGHAI, quiet=QUIET) is goes
