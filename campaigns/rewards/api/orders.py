"""Orders over HTTP: which of my coupons fit one, paying with one, and taking that back."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.lib.http.limits import Limit
from campaigns.lib.http.views import ApiView
from campaigns.requests.keys import idempotent
from campaigns.rewards.api.coupons import MAX_ORDER_FEN
from campaigns.rewards.api.terms import PositionIn, micro
from campaigns.rewards.services.orders import Order, Proof, cancel_order, evaluate_order, redeem_order

_SIGNED = (
    "proof 由商户或银行的订单系统给出：signature 为 HMAC-SHA256(timestamp、换行、订单号、换行、正文) 的十六进制，"
    "正文为 redeem（取消时 cancel）、金额（分，取消时为空）、merchant、branch 四行，未给出的为空行；15 分钟内有效。"
    " · The shop's system gives the proof: HMAC-SHA256 in hex of timestamp, line feed, order, line feed, four lines:"
    " redeem (or cancel), the amount in fen (empty to cancel), merchant, branch, each empty where it is not given; good"
    " for 15 minutes."
)


class PlaceIn(serializers.Serializer[Any]):
    """在哪里下单，都不填为客户归属机构 · Where; neither: the customer's own branch."""

    merchant = serializers.CharField(required=False, max_length=40, help_text="商户 id 或商户号 · id or code")
    branch = serializers.CharField(required=False, max_length=32, help_text="机构号 · code of a branch")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "merchant" in attrs and "branch" in attrs:
            raise serializers.ValidationError(
                "merchant 和 branch 最多给出一个。 · Give merchant or branch, not both."
            )
        return attrs


class OrderIn(PlaceIn):
    """一笔订单 · An order."""

    order = serializers.CharField(
        required=False, max_length=64, help_text="订单号：券已为它占用时 · where a coupon is set aside for it"
    )
    amount_fen = serializers.IntegerField(min_value=0, max_value=MAX_ORDER_FEN)
    position = PositionIn(
        required=False, help_text="限地点使用的券需要 · for coupons that are good near places only"
    )


class ProofIn(serializers.Serializer[Any]):
    """订单系统的签名 · Who vouches for the order."""

    source = serializers.CharField(max_length=40)  # type: ignore[assignment] # a field of ours, of that name
    timestamp = serializers.CharField(max_length=11)
    signature = serializers.CharField(max_length=64)


class OrderPaidIn(OrderIn):
    order = serializers.CharField(max_length=64)
    coupon = serializers.UUIDField()
    proof = ProofIn()


class OrderCancelIn(PlaceIn):
    proof = ProofIn()


class RefusedOut(serializers.Serializer[Any]):
    """不能用的原因，与核销时相同 · Why not, as redeeming would say."""

    code = serializers.CharField()
    detail = serializers.CharField()


class FitsOut(serializers.Serializer[Any]):
    """一张券 · A coupon beside the order, the best first."""

    coupon_id = serializers.UUIDField()
    title = serializers.CharField()
    off_fen = serializers.IntegerField(
        allow_null=True, help_text="可抵金额（分）· worth here and now, in fen"
    )
    refusal = RefusedOut(allow_null=True)


class EvaluatedOut(serializers.Serializer[Any]):
    coupons = FitsOut(many=True)


class PaidOut(serializers.Serializer[Any]):
    """订单用券结果 · What the coupon paid."""

    id = serializers.UUIDField()
    coupon_id = serializers.UUIDField()
    off_fen = serializers.IntegerField()
    redeemed_at = serializers.DateTimeField()


class CancelledOut(serializers.Serializer[Any]):
    """取消结果 · The reversal."""

    id = serializers.UUIDField()


def _order(body: Mapping[str, Any], number: str = "") -> Order:
    return Order(
        number=number or body.get("order", ""),
        fen=body.get("amount_fen", 0),
        merchant=body.get("merchant", ""),
        branch=body.get("branch", ""),
        position=micro(body.get("position")),
    )


class OrdersEvaluated(ApiView):
    who = "customer"
    limits = (Limit("orders", 60, 60),)

    @extend_schema(summary="订单可用的券 · Coupons for an order", request=OrderIn, responses=EvaluatedOut)
    def post(self, request: Request) -> Response:
        fits = evaluate_order(scope=self.scope, order=_order(self.body(OrderIn)))
        return self.answer(
            {
                "coupons": [
                    {
                        "coupon_id": each.coupon_id,
                        "title": each.title,
                        "off_fen": each.off_fen,
                        "refusal": each.refusal and {"code": each.refusal.code, "detail": str(each.refusal)},
                    }
                    for each in fits
                ]
            }
        )


class OrdersRedeemed(ApiView):
    who = "customer"
    limits = (Limit("orders", 60, 60),)

    @extend_schema(
        summary="订单用券 · Pay with a coupon",
        description=_SIGNED,
        request=OrderPaidIn,
        responses={201: PaidOut},
    )
    @idempotent(required=True)
    def post(self, request: Request) -> Response:
        body = self.body(OrderPaidIn)
        paid = redeem_order(
            scope=self.scope,
            order=_order(body),
            coupon_id=body["coupon"],
            proof=Proof(**body["proof"]),
            sources=settings.EVENT_SOURCES,
        )
        return self.answer(
            {
                "id": paid.redemption_id,
                "coupon_id": paid.coupon_id,
                "off_fen": paid.off_fen,
                "redeemed_at": paid.at,
            },
            status=201,
        )


class OrdersCancelled(ApiView):
    who = "customer"
    limits = (Limit("orders", 60, 60),)

    @extend_schema(
        summary="取消订单，退回券 · Take back what an order was paid with",
        description=_SIGNED,
        request=OrderCancelIn,
        responses={201: CancelledOut},
    )
    @idempotent(required=True)
    def post(self, request: Request, order: str) -> Response:
        body = self.body(OrderCancelIn)
        made = cancel_order(
            scope=self.scope,
            order=_order(body, order),
            proof=Proof(**body["proof"]),
            sources=settings.EVENT_SOURCES,
        )
        return self.answer({"id": made}, status=201)
