"""Months of events: made ahead and by need, emptied of what was kept long enough, dropped. As the owner alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from campaigns.events.models import Cleared
from campaigns.events.registry import kinds, longest_kept, months_before
from campaigns.events.rules import first_id_at
from campaigns.events.services.months import Months, clear_events, keep_months
from campaigns.events.tasks import keep_months as nightly
from campaigns.lib.clock import now
from campaigns.tenants.scopes import system
from tests.support.cast import Cast
from tests.support.events import days_ago, id_at, stored, tell, viewed


def as_owner(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql, params or None)
        return list(cursor.fetchall()) if cursor.description else []


def parts() -> set[str]:
    return {
        name
        for (name,) in as_owner(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events_event'::regclass"
        )
    }


def month(at: datetime) -> str:
    return at.strftime("events_event_%Y_%m")


@pytest.fixture
def months_as_they_were(committed_cast: Cast) -> Any:
    before = parts()
    yield committed_cast
    for part in parts() - before:
        as_owner(f"DROP TABLE {part}")
    for part in sorted(before - parts()):
        as_owner("SELECT events_make_months(to_date(%s, 'YYYY_MM'), 1)", part[-7:])


def test_months_are_counted_in_utc_and_over_the_years_end() -> None:
    at = datetime(2026, 2, 28, 23, 59, tzinfo=UTC)
    assert months_before(at, 0) == datetime(2026, 2, 1, tzinfo=UTC)
    assert months_before(at, 2) == datetime(2025, 12, 1, tzinfo=UTC)
    assert months_before(at, 26) == datetime(2023, 12, 1, tzinfo=UTC)


def test_three_months_lie_ahead_and_what_waited_moves_into_a_month_of_its_own(
    months_as_they_were: Cast,
) -> None:
    cast, at = months_as_they_were, now()
    late = viewed(days_ago(300))
    tell(cast.customers["nb"], late, viewed())
    assert [row["part"] for row in stored()] == ["events_event_other", month(at)]
    ahead = at + timedelta(days=70)
    done = keep_months(scope=system(at=ahead, cause="test"))
    assert done is not None and done.made >= 2
    assert {month(ahead), month(months_before(ahead, -3)), month(days_ago(300))} <= parts()
    assert [row["part"] for row in stored()] == [month(days_ago(300)), month(at)]
    # It counts once all the same.
    assert tell(cast.customers["nb"], late).json()["known"] == [late["id"]]
    assert keep_months(scope=system(at=ahead, cause="test")) == Months(0, 0)
    # Nothing was granted on the new ones, and nobody reads through them.
    assert as_owner(
        "SELECT count(*) FROM information_schema.role_table_grants WHERE table_name = %s AND grantee LIKE %s"
        " AND grantee <> 'fenhang_owner'",
        month(days_ago(300)),
        "fenhang%",
    ) == [(0,)]


def test_each_kind_goes_after_its_own_months_and_whole_months_are_dropped(
    months_as_they_were: Cast,
) -> None:
    cast, at = months_as_they_were, now()
    seven = months_before(at, kinds()["content.exposed"].keeps)
    oldest = months_before(at, longest_kept())
    rows = {
        "goes": ("content.exposed", seven - timedelta(seconds=1)),
        "stays": ("content.exposed", seven),
        "another kind": ("content.viewed", seven - timedelta(seconds=1)),
        "of nobody now": ("gone.kind", seven - timedelta(seconds=1)),
        "too old for any": ("gone.kind", oldest - timedelta(seconds=1)),
    }
    ids = {name: id_at(made) for name, (_kind, made) in rows.items()}
    branch, customer = cast.branch["NB"], cast.customers["nb"].customer
    as_owner("SELECT events_make_months(%s, 1)", (oldest - timedelta(seconds=1)).date())
    for name, (kind, made) in rows.items():
        as_owner(
            "INSERT INTO events_event (id, customer_id, branch_id, branch_pos, kind, at, received_at, source, subject,"
            " properties) VALUES (%s, %s, %s, %s, %s, %s, %s, 'phone', '', '{}')",
            *(ids[name], customer.pk, branch.pk, branch.pos, kind, made, made),
        )
    assert clear_events(scope=system(at=at, cause="test"), lot=1) == 1
    assert {row["id"] for row in stored()} == set(ids.values()) - {ids["goes"]}
    assert keep_months(scope=system(at=at, cause="test")) is not None
    assert {row["id"] for row in stored()} == {ids[n] for n in ("stays", "another kind", "of nobody now")}
    assert month(oldest - timedelta(seconds=1)) not in parts()
    # The next night begins where this one ended.
    assert Cleared.objects.get(kind="content.exposed").until == seven
    assert nightly() == 0


def test_an_id_is_of_its_millisecond_in_the_database_as_with_us(committed: None) -> None:
    for at in (datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)):
        assert as_owner("SELECT events_id_at(%s)", at) == [(first_id_at(at),)]


@pytest.mark.django_db
def test_serving_roles_make_and_drop_no_month(cast: Cast) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT has_function_privilege(r, f, 'EXECUTE') FROM unnest(%s::text[]) r, unnest(%s::text[]) f",
            [
                ["fenhang_app", "fenhang_customer", "fenhang_verbs"],
                ["events_make_months(date, int)", "events_drop_months(date)", "events_wall_off(text)"],
            ],
        )
        assert {row[0] for row in cursor.fetchall()} == {False}
