"""When points lapse: the rule, beside the database's own sum."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from campaigns.lib.clock import FOREVER
from campaigns.points.rules import add_months, expires_at, key_of
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast

ZONES = ["Asia/Shanghai", "Asia/Urumqi", "America/New_York", "UTC"]
MOMENTS = st.integers(1_577_836_800, 2_051_222_400).map(
    lambda at: datetime.fromtimestamp(at, UTC)
)  # 2020 to 2035
VALID = {
    "begins": MOMENTS,
    "months": st.none() | st.integers(0, 60),
    "ends": st.sampled_from(["day", "month", "quarter", "year"]),
    "zone": st.sampled_from(ZONES),
}


@pytest.mark.parametrize(
    ("begins", "months", "ends", "last"),
    [
        ("2026-01-31", 1, "day", "2026-02-28"),
        ("2028-01-31", 1, "day", "2028-02-29"),
        ("2026-11-22", 12, "day", "2027-11-22"),
        ("2026-11-22", 1, "month", "2026-12-31"),
        ("2026-11-22", 0, "month", "2026-11-30"),
        ("2026-11-22", 2, "quarter", "2027-03-31"),
        ("2026-11-22", 12, "year", "2027-12-31"),
        ("2026-12-31", 0, "year", "2026-12-31"),
    ],
)
def test_points_are_good_through_their_last_day(begins: str, months: int, ends: str, last: str) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    noon = datetime.fromisoformat(begins).replace(hour=12, tzinfo=zone).astimezone(UTC)
    end = expires_at(begins=noon, months=months, ends=ends, zone="Asia/Shanghai")
    assert (end - timedelta(microseconds=1)).astimezone(zone).date().isoformat() == last


@given(**VALID)
def test_an_end_is_a_midnight_after_what_it_counts_from(
    begins: datetime, months: int | None, ends: str, zone: str
) -> None:
    end = expires_at(begins=begins, months=months, ends=ends, zone=zone)
    if months is None:
        assert end == FOREVER
        return
    assert end > begins
    to_the_day = expires_at(begins=begins, months=months, ends="day", zone=zone)
    assert to_the_day <= end <= to_the_day + timedelta(days=366)
    assert end.astimezone(ZoneInfo(zone)).time().hour in (0, 1)  # 1 where the clock leaps at midnight
    assert expires_at(begins=begins, months=months + 1, ends=ends, zone=zone) >= end


def test_the_database_counts_the_same_ends(cast: Cast) -> None:
    asked: list[tuple[datetime, int | None, str, str]] = []

    @given(**VALID)
    def collect(begins: datetime, months: int | None, ends: str, zone: str) -> None:
        asked.append((begins, months, ends, zone))

    collect()
    asked += [
        (datetime(2026, 1, 31, 4, tzinfo=UTC), 1, ends, ZONES[0])
        for ends in ("day", "month", "quarter", "year")
    ]
    with system_scope(at=AT, cause="test"), connection.cursor() as cursor:
        columns = [list(column) for column in zip(*asked, strict=True)]
        cursor.execute(
            "SELECT points_expires_at(b, m, e, z)"
            " FROM unnest(%s::timestamptz[], %s::int[], %s::text[], %s::text[]) WITH ORDINALITY AS u (b, m, e, z, n)"
            " ORDER BY n",
            columns,
        )
        told = [row[0] for row in cursor.fetchall()]
    ours = [expires_at(begins=b, months=m, ends=e, zone=z) for b, m, e, z in asked]
    assert [pair for pair in zip(asked, told, ours, strict=True) if pair[1] != pair[2]] == []


@given(day=st.dates(), months=st.integers(0, 240))
def test_months_keep_the_day_or_the_months_last(day: object, months: int) -> None:
    from datetime import date

    assert isinstance(day, date)
    if day.year > 9000:
        return
    after = add_months(day, months)
    assert (after.year * 12 + after.month) - (day.year * 12 + day.month) == months
    assert after.day == day.day or (after + timedelta(days=1)).day == 1


def test_the_same_words_make_the_same_key() -> None:
    assert key_of("rule", 1) == key_of("rule", 1) != key_of("rule", 2)
