"""Judging the same customers at once: one change; beside it the control, which reads, decides and then writes."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from campaigns.customers.scopes import customer_scope
from campaigns.points.models import CustomerTier, Movement, TierChange, TierDue
from campaigns.points.selectors.tiers import standing_of
from campaigns.points.services.postings import Accrual, accrue_points
from campaigns.points.services.ratings import rate_customers, rate_due
from campaigns.tenants.scopes import system_scope
from tests.campaigns.rewards.conftest import control as control  # noqa: PLC0414 - a fixture
from tests.campaigns.rewards.test_races import crowd
from tests.support.cast import AT, Cast
from tests.support.races import together
from tests.support.tiers import live_tiers

pytestmark = pytest.mark.commits
MINUTE = timedelta(minutes=1)


def test_many_who_judge_at_once_write_one_change_and_forget_nobody(
    committed_cast: Cast, control: Callable[[int, int], int]
) -> None:
    cast = committed_cast
    live_tiers(cast)
    rivals = crowd(cast, 12)
    issuer = cast.branch["NB"].pk

    def earn(n: int) -> Callable[[], object]:
        def act() -> object:
            with system_scope(at=AT, cause="race") as scope:
                return accrue_points(
                    scope=scope, accruals=[Accrual(who, 500, uuid4()) for who in rivals[n % 3 :: 3]],
                    issuer_id=issuer, title="签到",
                )  # fmt: skip

        return act

    def judge() -> object:
        with system_scope(at=AT + MINUTE, cause="race") as scope:
            return rate_customers(scope=scope, customer_ids=rivals)

    def sweep() -> object:
        with system_scope(at=AT + MINUTE, cause="race") as scope:
            return rate_due(scope=scope)

    # Six postings give each of twelve 1,000 points, while three sweep and three judge everybody.
    done = together([*(earn(n) for n in range(6)), sweep, judge, sweep, judge, sweep, judge])
    assert not [each for each in done if isinstance(each, Exception)], done
    while sweep() is not None:
        pass
    with system_scope(at=AT + MINUTE, cause="look"):
        assert TierDue.objects.count() == 0 and Movement.objects.filter(kind="accrue").count() == 24
        assert set(CustomerTier.objects.values_list("code", flat=True)) == {"silver"}
        assert CustomerTier.objects.count() == TierChange.objects.filter(why="reached").count() == 12
    # Eight at once at the end of the term: one notice each; eight once it is old enough: one fall each.
    with system_scope(at=AT, cause="look"):
        ends = CustomerTier.objects.values_list("kept_until", flat=True)[0]
    assert ends is not None
    for moment, why in ((ends, "notice"), (ends + timedelta(days=30), "not_kept")):

        def judge_late(moment: object = moment) -> object:
            with system_scope(at=moment, cause="race") as scope:  # type: ignore[arg-type]
                return rate_customers(scope=scope, customer_ids=rivals)

        told = together([judge_late] * 8)
        assert sorted(told, key=str) == sorted([{why: 12}, *[{}] * 7], key=str)
        with system_scope(at=AT, cause="look"):
            assert TierChange.objects.filter(why=why).count() == 12
    with customer_scope(customer_id=rivals[0], at=ends, cause="look") as scope:
        stands = standing_of(scope=scope, customer_id=rivals[0])
        assert stands is not None and stands.tier.code == "base"
        # Nobody else's.
        assert standing_of(scope=scope, customer_id=rivals[1]) is None
    assert control(16, 5) == 16
