"""Rivals for scarce things; beside each the control: the same rivals reading, deciding, and then writing.

Those that public reports tell of are in test_reports.py.
"""

from collections.abc import Callable
from typing import Any

import pytest

from campaigns.customers.scopes import customer_scope
from campaigns.customers.services.customers import add_customer
from campaigns.lib.refusals import Refusal
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Coupon, Reversal, Stock
from campaigns.rewards.refusals.coupons import AboveQuota, AlreadyReversed
from campaigns.rewards.services.coupons import claim_coupon, redeem_coupon, reverse_redemption
from campaigns.rewards.services.stock import allot_stock, draw_back_stock
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.races import together
from tests.support.rewards import live_batch

pytestmark = pytest.mark.commits


def outcome(results: list[Any]) -> dict[str, int]:
    """How often each thing came out, by class."""
    names = [type(result).__name__ for result in results]
    return {name: names.count(name) for name in sorted(set(names))}


def claims(cast: Cast, batch_id: Any, customers: list[Any]) -> list[Any]:
    def claim(customer_id: Any) -> Callable[[], Coupon]:
        def act() -> Coupon:
            with customer_scope(customer_id=customer_id, at=AT, cause="race") as scope:
                return claim_coupon(scope=scope, batch_id=batch_id)

        return act

    return together([claim(customer_id) for customer_id in customers])


def test_forty_rivals_for_ten_coupons_in_one_bucket(
    committed_cast: Cast, control: Callable[[int, int], int]
) -> None:
    cast = committed_cast
    batch = live_batch(cast, shares={"NB": 10})
    rivals = crowd(cast, 40)
    assert outcome(claims(cast, batch.pk, rivals)) == {"Coupon": 10, "SoldOut": 30}
    assert control(40, 10) == 40


def test_rivals_over_many_buckets_leave_none_unsold(committed_cast: Cast) -> None:
    """Skipping held buckets must not say "sold out" while there are coupons."""
    cast = committed_cast
    batch = live_batch(cast, shares={"NB": 1_000}, quota=1_000)
    with cast.north_rewards.scope() as scope:
        draw_back_stock(scope=scope, batch_id=batch.pk, branch_id=cast.branch["NB"].pk, quantity=988)
        assert Stock.objects.count() == 5
    assert outcome(claims(cast, batch.pk, crowd(cast, 24))) == {"Coupon": 12, "SoldOut": 12}
    with cast.north_rewards.scope():
        assert [s.allotted - s.claimed for s in Stock.objects.all()] == [0] * 5


def test_one_customer_eight_times_at_once_gets_the_limit_of_the_day(
    committed_cast: Cast, control: Callable[[int, int], int]
) -> None:
    cast = committed_cast
    batch = live_batch(cast, per_customer_limit=50, per_day_limit=3, shares={"NB": 50})
    rival = cast.customers["nb"].customer.pk
    assert outcome(claims(cast, batch.pk, [rival] * 8)) == {"Coupon": 3, "DayLimitReached": 5}
    assert control(8, 3) == 8


def test_one_redemption_is_reversed_once(committed_cast: Cast, control: Callable[[int, int], int]) -> None:
    cast = committed_cast
    coupon = _claimed(cast)
    with cast.nb_clerk.scope() as scope:
        redemption = redeem_coupon(scope=scope, code=code_of(coupon.pk))

    def reverse() -> Reversal:
        with cast.nb_clerk.scope() as scope:
            return reverse_redemption(scope=scope, redemption_id=redemption.pk)

    assert outcome(together([reverse] * 4)) == {AlreadyReversed.__name__: 3, "Reversal": 1}
    assert control(4, 1) == 4


def test_redeeming_and_reversing_by_many_keeps_one_open_redemption(committed_cast: Cast) -> None:
    """Whatever the order, the books agree (the room's fixture asks them)."""
    cast = committed_cast
    coupon = _claimed(cast)

    def churn() -> int:
        done = 0
        for _ in range(6):
            try:
                with cast.nb_clerk.scope() as scope:
                    made = redeem_coupon(scope=scope, code=code_of(coupon.pk))
                with cast.nb_clerk.scope() as scope:
                    reverse_redemption(scope=scope, redemption_id=made.pk)
                done += 1
            except Refusal:
                continue
        return done

    results = together([churn] * 4)
    assert all(isinstance(result, int) for result in results), results
    assert sum(results) >= 1
    with system_scope(at=AT, cause="look"):
        assert Coupon.objects.get().status == "claimed"
        assert Coupon.objects.get().redeemed_times == sum(results)


def test_allotments_at_once_stay_within_the_quota(
    committed_cast: Cast, control: Callable[[int, int], int]
) -> None:
    cast = committed_cast
    batch = live_batch(cast, shares={"NB": 70})

    def allot(code: str) -> Callable[[], int]:
        def act() -> int:
            with cast.north_rewards.scope() as scope:
                return allot_stock(
                    scope=scope, batch_id=batch.pk, branch_id=cast.branch[code].pk, quantity=10
                )

        return act

    results = together([allot(code) for code in ("NB", "NC", "N", "NB", "NC", "N")])
    assert outcome(results) == {AboveQuota.__name__: 3, "int": 3}
    assert control(6, 3) == 6


def _claimed(cast: Cast) -> Coupon:
    batch = live_batch(cast)
    with cast.customers["nb"].scope() as scope:
        return claim_coupon(scope=scope, batch_id=batch.pk)


def crowd(cast: Cast, number: int, named: str = "crowd") -> list[Any]:
    """So many more customers of NB."""
    with system_scope(at=AT, cause="crowd") as scope:
        return [
            add_customer(
                scope=scope,
                branch_id=cast.branch["NB"].pk,
                number=f"N-{named}-{n:06d}",
                unionid=f"union-{named}-{n}",
                attributes={},
                source="cast",
            ).pk
            for n in range(number)
        ]
