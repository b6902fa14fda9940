"""The points mall: ordered, paid, sent, cancelled; points, stock and coupon together or not at all."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from campaigns.audit.models import Entry as AuditEntry
from campaigns.customers.scopes import customer_scope
from campaigns.lib.refusals import NotFound
from campaigns.points.models import Good, GoodStock, LiveGood, MallOrder, MallPayment, Wallet
from campaigns.points.refusals import mall as no
from campaigns.points.refusals.ledger import PointsShort
from campaigns.points.selectors.balances import balance_of
from campaigns.points.selectors.mall import goods_on_sale, left_of
from campaigns.points.services import goods, mall
from campaigns.points.services.mall import Receiver
from campaigns.rewards.codes import code_of
from campaigns.rewards.models import Coupon
from campaigns.rewards.services.coupons import redeem_coupon
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast, hired
from tests.support.mall import draft_good, earn, live_good
from tests.support.rewards import live_batch

HOME = Receiver("王敏", "13800138000", "杭州市西湖区文三路 1 号")


class Shopper:
    """One customer at the mall, at a moment that a test may move."""

    def __init__(self, cast: Cast, who: str = "nb", points: int = 0) -> None:
        self.cast, self.id, self.at = cast, cast.customers[who].customer.pk, AT
        if points:
            earn(cast, self.id, points)

    def order(self, good: Good, key: str = "", **more: Any) -> MallOrder:
        args: dict[str, Any] = {"points": 100, "receiver": HOME} | more
        with customer_scope(customer_id=self.id, at=self.at, cause="test") as scope:
            return mall.order_good(scope=scope, good_id=good.pk, key=key or f"k{self.at}", **args)

    def cancel(self, order: MallOrder) -> MallOrder:
        with customer_scope(customer_id=self.id, at=self.at, cause="test") as scope:
            return mall.cancel_own_order(scope=scope, order_id=order.pk)

    def points(self) -> tuple[int, int]:
        with system_scope(at=self.at, cause="test") as scope:
            now = balance_of(scope=scope, customer_id=self.id)
        return now.usable, now.held


def taken(good: Good) -> int:
    with system_scope(at=AT, cause="test"):
        return GoodStock.objects.get(pk=good.pk).taken


def test_an_order_takes_points_and_stock_once_and_gives_both_back_once(cast: Cast) -> None:
    good = live_good(cast)
    nb = Shopper(cast, points=250)
    order = nb.order(good, key="one")
    assert nb.order(good, key="one").pk == order.pk
    assert (order.state, order.points, nb.points(), taken(good)) == ("paid", 100, (150, 0), 1)
    second = nb.order(good, key="two")
    with pytest.raises(no.GoodLimitReached):
        nb.order(good, key="three")
    with pytest.raises(NotFound):
        Shopper(cast, "nb2").cancel(order)
    assert nb.cancel(order).state == "off"
    with pytest.raises(no.NotToCancel):
        nb.cancel(order)
    assert (nb.points(), taken(good)) == ((150, 0), 1)
    # What was cancelled counts no more.
    with pytest.raises(no.PriceChanged):
        nb.order(good, key="three", points=90)
    with pytest.raises(no.AddressMissing):
        nb.order(good, key="three", receiver=None)
    nb.order(good, key="three")
    assert (nb.points(), taken(good)) == ((50, 0), 2)

    with cast.nb_manager.scope() as scope:
        assert mall.show_address(scope=scope, order_id=second.pk) == str(HOME)
        with pytest.raises(no.NotToSend):
            mall.hand_over_order(scope=scope, order_id=second.pk)
        mall.send_order(scope=scope, order_id=second.pk, carrier="顺丰 SF123")
        with pytest.raises(no.NotToCancel):
            mall.cancel_order(scope=scope, order_id=second.pk, reason="反悔")
        mall.hand_over_order(scope=scope, order_id=second.pk)
        assert AuditEntry.objects.filter(verb="points.mallorder.unmask").count() == 1
    with hired(cast, "rewards_operator", "S", "south_rewards").scope() as scope, pytest.raises(NotFound):
        mall.cancel_order(scope=scope, order_id=second.pk, reason="别处")
    with pytest.raises(no.NotToCancel):
        nb.cancel(second)


def test_refused_for_want_of_points_or_stock_or_time_changes_nothing(cast: Cast) -> None:
    good = live_good(cast, total=1)
    poor, nb2 = Shopper(cast, points=99), Shopper(cast, "nb2", points=300)
    with pytest.raises(PointsShort):
        poor.order(good)
    assert (poor.points(), taken(good)) == ((99, 0), 0)
    nb2.order(good)
    earn(cast, poor.id, 1)
    with pytest.raises(no.GoodSoldOut):
        poor.order(good)
    assert poor.points() == (100, 0)
    south = Shopper(cast, "sb", points=100)
    with pytest.raises(NotFound):
        south.order(good)
    with pytest.raises(NotFound):
        nb2.order(draft_good(cast))
    late = live_good(cast, open_from=AT + timedelta(days=1))
    with pytest.raises(no.GoodNotOpenYet):
        nb2.order(late)
    with cast.north_rewards.scope() as scope:
        goods.take_down_good(scope=scope, good_id=good.pk, reason="缺货")
        with pytest.raises(no.StockBelowTaken):
            goods.stock_good(scope=scope, good_id=good.pk, total=0)
        assert not LiveGood.objects.filter(good=good).exists()
    with customer_scope(customer_id=nb2.id, at=AT, cause="test") as scope:
        assert [row.good_id for row in goods_on_sale(scope=scope)] == [late.pk]
        assert left_of(good_ids=[late.pk]) == {late.pk: 3}


def test_points_and_cash_hold_until_paid_or_time_is_over(cast: Cast) -> None:
    good = live_good(cast, cash_fen=9_90, kind="pickup", per_customer_limit=5)
    nb = Shopper(cast, points=300)
    with pytest.raises(no.PlaceUnknown):
        nb.order(good, place="SB")
    paid, told, late, dropped = (nb.order(good, key=f"{n}") if n < 3 else None for n in range(4))
    assert paid and told and late and dropped is None
    assert (paid.state, paid.place_id, nb.points(), taken(good)) == (
        "ordered", cast.branch["NB"].pk, (0, 300), 3,
    )  # fmt: skip
    with cast.north_rewards.scope() as scope:
        mall.pay_order(scope=scope, order_id=paid.pk, payment="POS 1")
        with pytest.raises(no.NotToPay):
            mall.pay_order(scope=scope, order_id=paid.pk, payment="POS 2")
    # Told in time, settled later; and told again.
    heard = {"source": "pay", "told": ["t1", "t1"], "order_ids": [told.pk, told.pk]}
    with system_scope(at=AT, cause="test"):
        assert mall.hear_payments(**heard, at=AT + timedelta(minutes=14)) == 1
        assert mall.hear_payments(**heard, at=AT + timedelta(minutes=14)) == 0
    nb.at = AT + timedelta(minutes=16)
    with system_scope(at=nb.at, cause="test") as scope:
        assert mall.sweep_orders(scope=scope) == 2
        assert mall.sweep_orders(scope=scope) == 0
        assert dict(MallOrder.objects.values_list("pk", "state")) == {
            paid.pk: "paid", told.pk: "paid", late.pk: "off",
        }  # fmt: skip
        # Too late: the money goes back.
        mall.hear_payments(source="pay", told=["t2"], order_ids=[late.pk], at=nb.at)
        assert mall.sweep_orders(scope=scope) == 1
        assert list(MallPayment.objects.order_by("id").values_list("state", "word")) == [
            ("settled", ""), ("refused", "not_to_pay"),
        ]  # fmt: skip
    assert (nb.points(), taken(good)) == ((100, 0), 2)
    with cast.nb_manager.scope() as scope:
        with pytest.raises(no.ReasonMissing):
            mall.cancel_order(scope=scope, order_id=paid.pk, reason=" ")
        mall.cancel_order(scope=scope, order_id=paid.pk, reason="缺货")
        mall.hand_over_order(scope=scope, order_id=told.pk)
    assert (nb.points(), taken(good)) == ((200, 0), 1)


def test_a_coupon_comes_with_its_order_and_goes_back_unless_it_was_used(cast: Cast) -> None:
    batch = live_batch(cast, shares={"NB": 2}, per_customer_limit=5)
    good = live_good(cast, kind="coupon", batch_id=batch.pk, per_customer_limit=5, total=5)
    nb = Shopper(cast, points=500)
    first, second = nb.order(good, key="1"), nb.order(good, key="2")
    assert first.state == "given"
    with pytest.raises(no.GoodCouponGone):
        nb.order(good, key="3")
    assert (nb.points(), taken(good)) == ((300, 0), 2)
    with cast.nb_clerk.scope() as scope:
        assert second.coupon_id is not None
        redeem_coupon(scope=scope, code=code_of(second.coupon_id), order_fen=100_00)
    with pytest.raises(no.OrderCouponUsed):
        nb.cancel(second)
    nb.cancel(first)
    assert (nb.points(), taken(good)) == ((400, 0), 1)
    with system_scope(at=AT, cause="test"):
        rows = Coupon.objects.order_by("id").values_list("status", "how", "caused_by")
        assert list(rows) == [
            ("void", "granted", f"points.mallorder:{first.pk}"),
            ("redeemed", "granted", f"points.mallorder:{second.pk}"),
        ]
    # The grant is the system's; the scope that asked is the customer's again afterwards.
    Shopper(cast, "nb2", points=1)
    third = live_batch(cast, shares={"NB": 1})
    again = live_good(cast, kind="coupon", batch_id=third.pk)
    with customer_scope(customer_id=nb.id, at=AT, cause="test") as scope:
        mall.order_good(scope=scope, good_id=again.pk, points=100, key="4")
        assert Wallet.objects.get().customer_id == nb.id
        assert Coupon.objects.count() == 3


def test_the_database_keeps_the_moves_the_stock_and_the_approval(cast: Cast) -> None:
    good = live_good(cast)
    nb = Shopper(cast, points=100)
    nb.order(good)
    with system_scope(at=AT, cause="test"), connection.cursor() as cursor:
        for word in ("UPDATE points_mallorder SET state = 'given'", "UPDATE points_goodstock SET taken = 0"):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                cursor.execute(word)
        with pytest.raises(IntegrityError), transaction.atomic():
            LiveGood.objects.update(price_points=1)
        with pytest.raises(IntegrityError, match="taken_within_total"), transaction.atomic():
            GoodStock.objects.update(total=0)
    with pytest.raises(no.GoodTermsUnclear):
        draft_good(cast, kind="coupon")
    with pytest.raises(no.GoodTermsUnclear):
        draft_good(cast, price_points=0)
