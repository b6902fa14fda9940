"""Rivals: the same customer twice at once, the last make-up, the goal; each beside what happens without the guard."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from campaigns.points.models import Entry, Wallet
from campaigns.tenants.scopes import system_scope
from community.checkins.models import CheckIn, GroupGoal
from community.checkins.services.looking import pay_due_goals, refuse_check_in
from community.groups.services.groups import add_member
from tests.campaigns.rewards.conftest import control as control  # noqa: PLC0414 - a fixture
from tests.campaigns.rewards.test_races import crowd, outcome
from tests.support.cast import AT, Cast
from tests.support.checkins import TODAY, checked_in, group_of, live_programme
from tests.support.races import together

pytestmark = pytest.mark.commits
DAY = timedelta(days=1)


def _twice_without_guard() -> int:
    """The same rule, read and then written, on a table without the unique key; how many of two were taken."""
    met = threading.Barrier(2)
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TABLE control_days (customer int, day date)")

    def take() -> bool:
        with connections["owner"].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM control_days WHERE customer = 1 AND day = '2026-11-22'")
            is_free = cursor.fetchone()[0] == 0
            met.wait(30)
            if is_free:
                cursor.execute("INSERT INTO control_days VALUES (1, '2026-11-22')")
            return is_free

    try:
        return sum(together([take] * 2))
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("DROP TABLE control_days")


def test_rivals_for_a_day_a_make_up_and_a_goal(
    committed_cast: Cast, control: Callable[[int, int], int]
) -> None:
    cast = committed_cast
    group = group_of(cast, "nb")
    nb = cast.customers["nb"].customer.pk
    live_programme(cast, goal_count=8, goal_points=3, makeup_most=1, makeup_days=9, points_cap=55)
    # One day, six taps.
    came = together([lambda: checked_in(nb, group)] * 6)
    assert outcome(came) == {"AlreadyDone": 5, "CheckIn": 1}
    # One make-up left, three days to make up for.
    days: list[Callable[[], Any]] = [
        lambda back=back: checked_in(nb, group, day=TODAY - back * DAY)
        for back in (1, 2, 3)  # type: ignore[misc]
    ]
    assert outcome(together(days)) == {"CheckIn": 1, "MakeupsUsed": 2}
    # Six more reach the goal of eight at once, while two workers look for goals; and the points in all are 55.
    rivals = crowd(cast, 6, "days")
    with cast.nb_manager.scope() as scope:
        for each in rivals:
            add_member(scope=scope, group_id=group.pk, customer_id=each, joined_at=AT - DAY)
    came = together([lambda each=each: checked_in(each, group) for each in rivals])  # type: ignore[misc]
    assert outcome(came) == {"CheckIn": 6}

    def pay() -> int:
        with system_scope(at=AT, cause="test") as scope:
            return pay_due_goals(scope=scope)

    assert sum(together([pay] * 4)) == 1
    with system_scope(at=AT, cause="test"):
        goal = GroupGoal.objects.get()
        # Forty of fifty-five were given: fifteen for seven people are two each.
        assert (goal.customers, goal.points) == (7, 2)
        assert Entry.objects.filter(movement_id=goal.movement_id, customer_id__isnull=False).count() == 7
        assert sum(each.usable for each in Wallet.objects.all()) == 8 * 5 + 7 * 2
        row = CheckIn.objects.filter(customer_id=rivals[0]).get()

    def refuse() -> None:
        with cast.nb_manager.scope() as scope:
            refuse_check_in(scope=scope, check_in_id=row.pk, reason="不是本人")

    assert outcome(together([refuse] * 3)) == {"AlreadyLooked": 2, "NoneType": 1}
    with system_scope(at=AT, cause="test"):
        assert Wallet.objects.get(customer_id=rivals[0]).usable == 2
    assert (_twice_without_guard(), control(3, 1)) == (2, 3)
