"""Rivals for the goods of the mall; beside each the control: the same rivals reading, deciding, and then writing."""

from collections.abc import Callable
from typing import Any

import pytest

from campaigns.customers.scopes import customer_scope
from campaigns.points.models import GoodStock, MallOrder, Movement
from campaigns.points.selectors.balances import balance_of
from campaigns.points.services import mall
from campaigns.tenants.scopes import system_scope
from tests.campaigns.rewards.conftest import control as control  # noqa: PLC0414 - a fixture
from tests.campaigns.rewards.test_races import crowd, outcome
from tests.support.cast import AT, Cast
from tests.support.mall import earn, live_good
from tests.support.races import together
from tests.support.rewards import live_batch

pytestmark = pytest.mark.commits


def _ordering(good: Any, customer_id: Any, key: str) -> Callable[[], MallOrder]:
    def act() -> MallOrder:
        with customer_scope(customer_id=customer_id, at=AT, cause="race") as scope:
            return mall.order_good(scope=scope, good_id=good.pk, points=100, key=key)

    return act


def test_sixteen_rivals_for_five_pieces_and_one_balance_for_three(
    committed_cast: Cast, control: Callable[[int, int], int]
) -> None:
    cast = committed_cast
    good = live_good(cast, kind="pickup", total=5, per_customer_limit=9)
    rivals = crowd(cast, 16)
    for each in rivals:
        earn(cast, each, 100)
    orders = together([_ordering(good, each, "one") for each in rivals])
    assert outcome(orders) == {"GoodSoldOut": 11, "MallOrder": 5}

    # One customer eight times at once, with points for three; each order has the coupon with it.
    batch = live_batch(cast, shares={"NB": 50}, per_customer_limit=50)
    coupons = live_good(cast, kind="coupon", batch_id=batch.pk, total=50, per_customer_limit=50)
    who = cast.customers["nb"].customer.pk
    earn(cast, who, 399)
    assert outcome(together([_ordering(coupons, who, f"k{n}") for n in range(8)])) == {
        "MallOrder": 3, "PointsShort": 5,
    }  # fmt: skip
    # The same request key eight times is one order.
    earn(cast, who, 100)
    again = together([_ordering(coupons, who, "same") for _each in range(8)])
    assert len({order.pk for order in again}) == 1

    # Called off six times at once: points and stock come back once.
    def call_off() -> MallOrder:
        with customer_scope(customer_id=who, at=AT, cause="race") as scope:
            return mall.cancel_own_order(scope=scope, order_id=again[0].pk)

    assert outcome(together([call_off] * 6)) == {"MallOrder": 1, "NotToCancel": 5}
    with system_scope(at=AT, cause="test") as scope:
        assert {row.good_id: row.taken for row in GoodStock.objects.all()} == {good.pk: 5, coupons.pk: 3}
        assert balance_of(scope=scope, customer_id=who).usable == 199
        assert Movement.objects.filter(kind="reverse").count() == 1
    assert control(16, 5) == 16
