"""The points mall over HTTP: goods, orders, and calling one's own order off."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.lib.http.limits import Limit
from campaigns.lib.http.openapi import page_of
from campaigns.lib.http.pages import PageQuery, Pages
from campaigns.lib.http.views import ApiView
from campaigns.points.models import GoodKind, LiveGood, MallOrder
from campaigns.points.selectors.mall import (
    good_on_sale,
    goods_on_sale,
    left_of,
    ordered_by_customer,
    orders_of_customer,
)
from campaigns.points.selectors.tiers import own_discount
from campaigns.points.services.mall import Receiver, cancel_own_order, order_good
from campaigns.points.tier_rules import own_price
from campaigns.requests.keys import HEADER, idempotent


class GoodOut(serializers.Serializer[Any]):
    """积分商城商品 · A good of the points mall."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    text = serializers.CharField()
    kind = serializers.ChoiceField(
        choices=GoodKind.values, help_text="parcel 邮寄，pickup 网点自提，coupon 优惠券"
    )
    price_points = serializers.IntegerField(help_text="标价 · before the tier's discount")
    own_price_points = serializers.IntegerField(
        help_text="本人按会员等级优惠后的积分，下单时回传 · what it costs this customer; sent with the order"
    )
    cash_fen = serializers.IntegerField(help_text="另付现金（分）· and in money, fen")
    per_customer_limit = serializers.IntegerField()
    open_from = serializers.DateTimeField()
    open_until = serializers.DateTimeField()
    left = serializers.IntegerField(help_text="剩余件数 · how many are left")
    ordered = serializers.IntegerField(help_text="本人已兑换 · ordered by this customer")


class ReceiverIn(serializers.Serializer[Any]):
    """收件人，加密保存 · Who receives it; kept sealed."""

    name = serializers.CharField(max_length=40)
    phone = serializers.CharField(max_length=24)
    address = serializers.CharField(max_length=200)


class GoodOrderIn(serializers.Serializer[Any]):
    """兑换请求 · An order of one piece."""

    good = serializers.UUIDField()
    points = serializers.IntegerField(
        min_value=1,
        max_value=2_000_000_000,
        help_text="客户看到的积分价格（own_price_points） · the price that was shown to the customer",
    )
    receiver = ReceiverIn(required=False, help_text="邮寄商品必填 · for what is delivered")
    branch = serializers.CharField(
        required=False, max_length=32, help_text="自提网点机构号，缺省为归属机构 · code; else the home branch"
    )


class GoodOrderOut(serializers.Serializer[Any]):
    """兑换订单 · An order."""

    id = serializers.UUIDField()
    good_id = serializers.UUIDField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=GoodKind.values)
    points = serializers.IntegerField()
    cash_fen = serializers.IntegerField()
    state = serializers.ChoiceField(choices=["ordered", "paid", "sent", "delivered", "cancelled"])
    ordered_at = serializers.DateTimeField()
    pay_until = serializers.DateTimeField(
        allow_null=True, help_text="付款时限，仅待付款时 · while it waits for money"
    )
    sent_by = serializers.CharField(help_text="承运商与单号 · carrier and number")
    coupon_id = serializers.UUIDField(allow_null=True)


_STATES = {MallOrder.State.DELIVERED: "delivered", MallOrder.State.CANCELLED: "cancelled"}


def _good(
    good: LiveGood, *, left: Mapping[UUID, int], ordered: Mapping[UUID, int], discount: int
) -> dict[str, Any]:
    shown = (
        "title",
        "text",
        "kind",
        "price_points",
        "cash_fen",
        "per_customer_limit",
        "open_from",
        "open_until",
    )
    return {
        "id": good.good_id,
        **{name: getattr(good, name) for name in shown},
        "own_price_points": own_price(points=good.price_points, discount=discount),
        "left": left.get(good.good_id, 0),
        "ordered": ordered.get(good.good_id, 0),
    }


def _order(order: MallOrder) -> dict[str, Any]:
    shown = ("id", "good_id", "title", "kind", "points", "cash_fen", "ordered_at", "sent_by", "coupon_id")
    waits = order.state == MallOrder.State.ORDERED
    return {name: getattr(order, name) for name in shown} | {
        "state": _STATES.get(MallOrder.State(order.state), order.state),
        "pay_until": order.pay_until if waits else None,
    }


class Goods(ApiView):
    who = "customer"
    query = PageQuery

    @extend_schema(summary="积分商城商品 · Goods of the points mall", responses=page_of(GoodOut))
    def get(self, request: Request) -> Response:
        page = Pages(order=("open_until", "id")).cut(goods_on_sale(scope=self.scope), self.query_values)
        ids = [good.good_id for good in page.items]
        left, ordered = left_of(good_ids=ids), ordered_by_customer(scope=self.scope, good_ids=ids)
        discount = own_discount(scope=self.scope)
        return self.answer(
            page.shown(lambda good: _good(good, left=left, ordered=ordered, discount=discount))
        )


class OneGood(ApiView):
    who = "customer"

    @extend_schema(summary="一件积分商品 · One good", responses=GoodOut)
    def get(self, request: Request, good_id: UUID) -> Response:
        good = good_on_sale(scope=self.scope, good_id=good_id)
        return self.answer(
            _good(
                good,
                left=left_of(good_ids=[good_id]),
                ordered=ordered_by_customer(scope=self.scope, good_ids=[good_id]),
                discount=own_discount(scope=self.scope),
            )
        )


class Orders(ApiView):
    who = "customer"
    limits = (Limit("points-orders", 60, 60),)

    @extend_schema(summary="积分兑换下单 · Order a good", request=GoodOrderIn, responses={201: GoodOrderOut})
    @idempotent(required=True)
    def post(self, request: Request) -> Response:
        body = self.body(GoodOrderIn)
        receiver = body.get("receiver")
        order = order_good(
            scope=self.scope,
            good_id=body["good"],
            points=body["points"],
            key=request.headers[HEADER],
            receiver=Receiver(**receiver) if receiver else None,
            place=body.get("branch", ""),
        )
        return self.answer(_order(order), status=201)


class MyOrders(ApiView):
    who = "customer"
    query = PageQuery

    @extend_schema(summary="我的兑换订单 · My orders", responses=page_of(GoodOrderOut))
    def get(self, request: Request) -> Response:
        page = Pages(order=("-id",)).cut(orders_of_customer(scope=self.scope), self.query_values)
        return self.answer(page.shown(_order))


class OrdersCalledOff(ApiView):
    who = "customer"
    limits = (Limit("points-orders", 60, 60),)

    @extend_schema(summary="取消兑换订单 · Cancel an order", request=None, responses=GoodOrderOut)
    @idempotent()
    def post(self, request: Request, order_id: UUID) -> Response:
        return self.answer(_order(cancel_own_order(scope=self.scope, order_id=order_id)))
