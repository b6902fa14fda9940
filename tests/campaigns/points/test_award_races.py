"""Rivals at awards and households; beside them the controls, who read, decide and then write."""

import threading
from typing import Any
from unittest.mock import patch

import pytest
from django.test import override_settings

from campaigns.points.models import Award, Entry, Household, Member
from campaigns.points.rules import key_of
from campaigns.points.services import award_runs, awards, extensions, households
from campaigns.points.services.postings import award_points
from campaigns.tenants.scopes import system_scope
from tests.campaigns.points.test_awards import agrees, load, now, usable, work
from tests.campaigns.points.test_desk import adjust, earn
from tests.support import jobs
from tests.support.cast import AT, Cast
from tests.support.races import together

pytestmark = pytest.mark.commits


def names(results: list[Any]) -> list[str]:
    return sorted(getattr(each, "state", type(each).__name__) for each in results)


def test_two_awards_asked_at_once_count_one_another_and_many_jobs_post_one_once(committed_cast: Cast) -> None:
    cast = committed_cast
    text = "客户号\n" + "\n".join(cast.customers[name].number for name in ("nb", "nb2"))
    with patch.object(award_runs, "POSTED_AT_ONCE", 1):
        both = [load(cast, text, each=300) for _ in range(2)]

    def ask(award: Award) -> Any:
        with cast.north_rewards.scope() as scope:
            return awards.ask_award(scope=scope, award_id=award.pk)

    assert names(together([lambda each=each: ask(each) for each in both])) == ["agreed", "asked"]
    mine = next(each for each in map(now, both) if each.state == "agreed")
    with cast.north_rewards.scope() as scope:
        for _ in range(3):
            awards.go_on_with_award(scope=scope, award_id=mine.pk)
    together([jobs.run] * 4)
    work()
    assert (now(mine).state, usable(cast, "nb"), usable(cast, "nb2")) == ("posted", 300, 300)
    agrees()
    # Without the lock of who asks, everybody finds room within 1,000 and everybody gives.
    met = threading.Barrier(2)

    def give(nth: int) -> bool:
        who = [cast.customers[name].customer.pk for name in ("nb", "nb2")]
        with system_scope(at=AT, cause="control"):
            before = sum(Entry.objects.filter(title="对照", points__gt=0).values_list("points", flat=True))
        met.wait(30)
        if before + 600 <= 1_000:
            with system_scope(at=AT, cause="control") as scope:
                award_points(
                    scope=scope, customer_ids=who, points=[300, 300], key=key_of("control", nth),
                    issuer_id=cast.branch["NB"].pk, title="对照",
                )  # fmt: skip
        return True

    together([lambda: give(1), lambda: give(2)])
    assert usable(cast, "nb") == 900


def test_an_award_and_an_adjustment_at_once_count_one_another(committed_cast: Cast) -> None:
    cast = committed_cast
    held = load(cast, f"客户号\n{cast.customers['nb'].number}", each=600)

    def ask() -> Any:
        with cast.north_rewards.scope() as scope:
            return awards.ask_award(scope=scope, award_id=held.pk)

    assert names(together([ask, lambda: adjust(cast, 600)])) in (["agreed", "asked"], ["asked", "posted"])


def test_extensions_asked_at_once_count_one_another(committed_cast: Cast) -> None:
    cast = committed_cast
    for who in ("nb", "nb2"):
        earn(cast, 600, who=who)

    def ask(who: str) -> Any:
        with cast.north_rewards.scope() as scope:
            return extensions.ask_extension(
                scope=scope,
                customer_id=cast.customers[who].customer.pk,
                until=AT.replace(year=2030),
                reason="客户住院，延期",
            )

    assert names(together([lambda: ask("nb"), lambda: ask("nb2")])) == ["asked", "posted"]


def test_a_household_has_no_more_members_than_it_may_and_a_day_no_more_points(committed_cast: Cast) -> None:
    cast = committed_cast

    def code(who: str) -> str:
        with cast.customers[who].scope() as scope:
            return households.invite_to_household(scope=scope)[0]

    def join(who: str, by: str) -> Any:
        with cast.customers[who].scope() as scope:
            return households.join_household(scope=scope, code=by)

    # Two who invite each other become one household.
    mine, theirs = code("nb"), code("nb2")
    got = together([lambda: join("nb", theirs), lambda: join("nb2", mine)])
    assert sorted(type(each).__name__ for each in got) == ["MemberAlready", "list"]
    with system_scope(at=AT, cause="test"):
        assert (Household.objects.count(), Member.objects.filter(until=None).count()) == (1, 2)
    for who in ("nb", "nb2"):
        with cast.customers[who].scope() as scope:
            households.leave_household(scope=scope)
    with patch.object(households, "MOST_MEMBERS", 2):
        got = together([lambda: join("nb2", mine), lambda: join("sb", mine)])
    assert sorted(type(each).__name__ for each in got) == ["HouseholdFull", "list"]
    # So many points a day, however many taps at once.
    earn(cast, 500)
    with cast.customers["nb"].scope() as scope:
        guest = next(each.member_id for each in households.own_household(scope=scope) if not each.is_me)

    def hand_on(nth: int) -> Any:
        with cast.customers["nb"].scope() as scope:
            return households.pass_points(scope=scope, member_id=guest, points=30, key=f"k{nth}")

    with override_settings(POINTS_PASSED_A_DAY=100):
        got = together([lambda nth=nth: hand_on(nth) for nth in range(5)])
    assert sorted(type(each).__name__ for each in got) == ["PassedEnough"] * 2 + ["Posted"] * 3
    assert usable(cast, "nb") == 410
    # The control: who counts members without holding the household lets both in.
    with system_scope(at=AT, cause="control"):
        home = Member.objects.filter(until=None).values_list("household_id", flat=True)[0]
        Member.objects.filter(until=None).exclude(customer=cast.customers["nb"].customer).update(until=AT)
    met = threading.Barrier(2)

    def enter(who: str) -> bool:
        with system_scope(at=AT, cause="control"):
            many = Member.objects.filter(household_id=home, until=None).count()
            met.wait(30)
            if many < 2:
                guest = cast.customers[who].customer
                Member.objects.create(
                    customer=guest, branch_id=guest.branch_id, branch_pos=guest.branch_pos, household_id=home,
                    evidence="对照", since=AT,
                )  # fmt: skip
        return True

    together([lambda: enter("nb2"), lambda: enter("sb")])
    with system_scope(at=AT, cause="control"):
        assert Member.objects.filter(household_id=home, until=None).count() == 3
