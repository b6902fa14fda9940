"""What a holder does with a coupon over HTTP: see the code it brought, give it to another, take a gift."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.lib.http.limits import Limit
from campaigns.lib.http.views import ApiView
from campaigns.requests.keys import idempotent
from campaigns.rewards.api.coupons import CouponOut, coupon_out
from campaigns.rewards.selectors.coupons import terms_held, zone_of
from campaigns.rewards.services.gifts import accept_gift, gift_offered, offer_gift, withdraw_gift
from campaigns.rewards.services.partner_codes import show_partner_code


class PartnerCodeOut(serializers.Serializer[Any]):
    """第三方券码 · The code that came with the coupon."""

    code = serializers.CharField()


class GiftOut(serializers.Serializer[Any]):
    """转赠 · An offer: until when."""

    until = serializers.DateTimeField()


class GiftLinkOut(GiftOut):
    """转赠链接内容 · What goes into the link."""

    token = serializers.CharField()


class GiftIn(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=80)


class PartnerCodes(ApiView):
    who = "customer"

    @extend_schema(
        summary="查看第三方券码 · See the code that came with a coupon",
        description="首次查看后即视为已使用：不能再转赠，作废也不退回。 · Looked at once, it is spent.",
        responses=PartnerCodeOut,
    )
    def get(self, request: Request, coupon_id: UUID) -> Response:
        return self.answer({"code": show_partner_code(scope=self.scope, coupon_id=coupon_id)})


class Gifts(ApiView):
    who = "customer"

    @extend_schema(summary="转赠的链接 · The link of an offer", responses=GiftLinkOut)
    def get(self, request: Request, coupon_id: UUID) -> Response:
        offer = gift_offered(scope=self.scope, coupon_id=coupon_id)
        return self.answer({"token": offer.token, "until": offer.until})

    @extend_schema(
        summary="转赠 · Offer a coupon to another customer", request=None, responses={201: GiftOut}
    )
    @idempotent()
    def post(self, request: Request, coupon_id: UUID) -> Response:
        return self.answer({"until": offer_gift(scope=self.scope, coupon_id=coupon_id)}, status=201)

    @extend_schema(summary="撤回转赠 · Take an offer back", responses={204: None})
    def delete(self, request: Request, coupon_id: UUID) -> Response:
        withdraw_gift(scope=self.scope, coupon_id=coupon_id)
        return self.answer(status=204)


class GiftsTaken(ApiView):
    who = "customer"
    # A link has 192 bits; this only keeps a broken client from filling the log.
    limits = (Limit("gifts", 30, 60),)

    @extend_schema(summary="领取转赠的券 · Take a given coupon", request=GiftIn, responses={201: CouponOut})
    @idempotent(required=True)
    def post(self, request: Request) -> Response:
        coupon = accept_gift(scope=self.scope, token=self.body(GiftIn)["token"])
        given = terms_held(coupons=[coupon])[coupon.revision_id]
        shown = coupon_out(coupon, given=given, at=self.scope.at, zone=zone_of(scope=self.scope))
        return self.answer(shown, status=201)
