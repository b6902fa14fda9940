"""Coupons over HTTP: batches, claims, the customer's wallet, and the clerk's counter."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.lib.http.bodies import dumps
from campaigns.lib.http.limits import Limit, demand, known_address
from campaigns.lib.http.openapi import page_of
from campaigns.lib.http.pages import PageQuery, Pages
from campaigns.lib.http.problems import problem_answer
from campaigns.lib.http.views import ApiView
from campaigns.lib.refusals import Refusal
from campaigns.requests.keys import HEADER, answer_of, idempotent, print_of, replay, response_of, route_of
from campaigns.requests.rules import read_key
from campaigns.requests.services import Answer
from campaigns.rewards.api.terms import PositionIn, TermsOut, micro, terms_out
from campaigns.rewards.codes import claim_hash, code_of
from campaigns.rewards.models import Coupon, Kind, LiveBatch, Payer, Redemption, Terms
from campaigns.rewards.models.codes import ClaimsBy
from campaigns.rewards.models.grants import How
from campaigns.rewards.rules import shown_status
from campaigns.rewards.selectors.coupons import (
    claimed_by_customer,
    coupon_of_customer,
    coupons_of_customer,
    left_at_branch,
    live_batch,
    live_batches,
    sentences_of,
    terms_held,
    terms_of_coupon,
    zone_of,
)
from campaigns.rewards.sentences import sentence
from campaigns.rewards.services.claims import Claimed, Wish, claim_together
from campaigns.rewards.services.counter import Shown, look_at_coupon
from campaigns.rewards.services.coupons import (
    issue_redeem_token,
    redeem_coupon,
    reverse_redemption,
)
from campaigns.rewards.tickets import device_hash, is_ticket_good, issue_ticket, range_hash

# As ApiView gives them to what is not to be kept by anybody.
_HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "Vary": "Accept-Language, Authorization",
}
# Beyond what any order is; keeps the number inside the column.
MAX_ORDER_FEN = 100_000_000_000


class BatchOut(serializers.Serializer[Any]):
    """优惠券批次 · A batch of coupons as a customer sees it."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    sentence = serializers.CharField(help_text="满100减20，领取后7天内有效")
    sentence_en = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.values)
    threshold_fen = serializers.IntegerField()
    off_fen = serializers.IntegerField()
    claim_from = serializers.DateTimeField()
    claim_until = serializers.DateTimeField()
    per_customer_limit = serializers.IntegerField()
    usable_from = serializers.DateTimeField(allow_null=True)
    usable_until = serializers.DateTimeField(allow_null=True)
    usable_days = serializers.IntegerField(allow_null=True, help_text="领取后有效天数 · days after the claim")
    usable_after_days = serializers.IntegerField(
        help_text="领取后第几天起可用，0 为立即 · from which day after the claim, 0: at once"
    )
    per_day_limit = serializers.IntegerField(allow_null=True)
    per_week_limit = serializers.IntegerField(allow_null=True)
    per_month_limit = serializers.IntegerField(allow_null=True)
    terms = TermsOut()
    left = serializers.IntegerField(help_text="本支行剩余 · left at the customer's branch")
    claimed = serializers.IntegerField(help_text="本人已领 · claimed by this customer")
    claims_by = serializers.ChoiceField(
        choices=ClaimsBy.values,
        allow_null=True,
        help_text="领取需要的兑换码 · the code that a claim asks for",
    )


class ClaimIn(serializers.Serializer[Any]):
    """领取请求，可为空 · A claim; may be empty."""

    code = serializers.CharField(required=False, max_length=60, help_text="兑换码 · code to claim")
    ticket = serializers.CharField(required=False, max_length=80, help_text="GET batches/{id} 给出")
    device = serializers.CharField(
        required=False, max_length=100, help_text="设备标识，仅用于限领 · for limits per device alone"
    )


class CouponOut(serializers.Serializer[Any]):
    """优惠券 · A coupon."""

    id = serializers.UUIDField()
    batch_id = serializers.UUIDField()
    title = serializers.CharField()
    sentence = serializers.CharField()
    sentence_en = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.values)
    threshold_fen = serializers.IntegerField()
    off_fen = serializers.IntegerField()
    status = serializers.ChoiceField(choices=["held", "claimed", "redeemed", "void", "expired", "given"])
    how = serializers.ChoiceField(choices=How.values, help_text="领取、发放或转赠得来 · how it came")
    claimed_at = serializers.DateTimeField()
    usable_from = serializers.DateTimeField()
    usable_until = serializers.DateTimeField()
    redeemed_at = serializers.DateTimeField(allow_null=True)
    terms = TermsOut()


class WalletCouponOut(CouponOut):
    """优惠券及券码 · A coupon with its code."""

    code = serializers.CharField(help_text="券码 · to be read out at the counter")


class RedeemTokenOut(serializers.Serializer[Any]):
    """二维码内容 · What the QR code says."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class RedemptionIn(serializers.Serializer[Any]):
    """核销请求 · One of `token` and `code`."""

    token = serializers.CharField(required=False, max_length=200)
    code = serializers.CharField(required=False, max_length=60)
    order_fen = serializers.IntegerField(required=False, min_value=0, max_value=MAX_ORDER_FEN)
    order = serializers.CharField(
        required=False, max_length=64, help_text="券为哪笔订单占用 · the order it is set aside for"
    )
    merchant = serializers.CharField(
        required=False,
        max_length=40,
        help_text="商户号或 id；商户收银员不必填写 · code or id; a merchant's cashier leaves it out",
    )
    position = PositionIn(
        required=False, help_text="限地点使用的券需要 · for coupons that are good near places only"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("token" in attrs) == ("code" in attrs):
            raise serializers.ValidationError("token 和 code 须且只须给出一个。 · Give either token or code.")
        return attrs


class RedemptionOut(serializers.Serializer[Any]):
    """核销结果 · A redemption and what it was worth."""

    id = serializers.UUIDField()
    coupon_id = serializers.UUIDField()
    title = serializers.CharField()
    off_fen = serializers.IntegerField(
        help_text="本次核销实际价值（分）· what this redemption was worth, in fen"
    )
    order_fen = serializers.IntegerField(allow_null=True)
    merchant_id = serializers.UUIDField(allow_null=True, help_text="在哪家商户核销 · at whose till")
    payer = serializers.ChoiceField(choices=Payer.values)
    redeemed_at = serializers.DateTimeField()


class WorthOut(serializers.Serializer[Any]):
    """核销前查看 · What redeeming it now would be worth; nothing is redeemed."""

    coupon_id = serializers.UUIDField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.values)
    off_fen = serializers.IntegerField(help_text="此时此地核销的价值（分）· worth here and now, in fen")
    order_fen = serializers.IntegerField(allow_null=True)
    usable_until = serializers.DateTimeField()


class ReversalIn(serializers.Serializer[Any]):
    reason = serializers.CharField(required=False, max_length=200, allow_blank=True, default="")


class ReversalOut(serializers.Serializer[Any]):
    """冲正结果 · A reversal."""

    id = serializers.UUIDField()
    redemption_id = serializers.UUIDField()
    reversed_at = serializers.DateTimeField()


class BatchDetailOut(BatchOut):
    """一个批次的页面 · A batch's page: honest stock and countdown by the bank's clock."""

    as_of = serializers.DateTimeField(help_text="银行时钟，用于倒计时 · the bank's clock, for the countdown")
    ticket = serializers.CharField(
        allow_null=True, help_text="领取时带上，十分钟内有效 · goes with the claim, good for ten minutes"
    )
    ticket_until = serializers.DateTimeField(allow_null=True)


class WalletQuery(PageQuery):
    state = serializers.ChoiceField(
        required=False,
        choices=["usable", "used", "expired"],
        help_text="可用、已用、已过期 · which tab of the wallet",
    )


def _batch_out(
    batch: LiveBatch, *, zone: ZoneInfo, left: dict[UUID, int], claimed: dict[UUID, int]
) -> dict[str, Any]:
    zh, en = sentences_of(promise=batch, zone=zone)
    return {
        "id": batch.batch_id,
        "title": batch.title,
        "sentence": zh,
        "sentence_en": en,
        "kind": batch.kind,
        "threshold_fen": batch.threshold_fen,
        "off_fen": batch.off_fen,
        "claim_from": batch.claim_from,
        "claim_until": batch.claim_until,
        "per_customer_limit": batch.per_customer_limit,
        "usable_from": batch.usable_from,
        "usable_until": batch.usable_until,
        "usable_days": batch.usable_days,
        "usable_after_days": batch.usable_after_days,
        "per_day_limit": batch.per_day_limit,
        "per_week_limit": batch.per_week_limit,
        "per_month_limit": batch.per_month_limit,
        "terms": terms_out(given=batch),
        "left": left.get(batch.batch_id, 0),
        "claimed": claimed.get(batch.batch_id, 0),
        "claims_by": batch.claims_by or None,
    }


def coupon_out(coupon: Coupon | Claimed, *, given: Terms, at: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """A coupon without its code, as answers to POST may have it."""
    terms = terms_of_coupon(coupon=coupon, terms=given)
    return {
        "id": coupon.pk,
        "batch_id": coupon.batch_id,
        "title": coupon.title,
        "sentence": sentence(terms=terms, zone=zone, language="zh"),
        "sentence_en": sentence(terms=terms, zone=zone, language="en"),
        "kind": coupon.kind,
        "threshold_fen": coupon.threshold_fen,
        "off_fen": coupon.off_fen,
        "status": shown_status(status=coupon.status, usable_until=coupon.usable_until, at=at),
        "how": coupon.how,
        "claimed_at": coupon.claimed_at,
        "usable_from": coupon.usable_from,
        "usable_until": coupon.usable_until,
        "redeemed_at": coupon.redeemed_at,
        "terms": terms_out(given=given),
    }


def _wallet_coupon_out(coupon: Coupon, *, given: Terms, at: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """With the code. Answers to GET alone: those to a POST are stored under their key, and a code never is."""
    return {**coupon_out(coupon, given=given, at=at, zone=zone), "code": code_of(coupon.pk)}


def _redemption_out(redemption: Redemption) -> dict[str, Any]:
    return {
        "id": redemption.pk,
        "coupon_id": redemption.coupon_id,
        "title": redemption.title,
        "off_fen": redemption.off_fen,
        "order_fen": redemption.order_fen,
        "merchant_id": redemption.merchant_id,
        "payer": redemption.payer,
        "redeemed_at": redemption.at,
    }


class Batches(ApiView):
    who = "customer"
    query = PageQuery

    @extend_schema(summary="可领的优惠券 · Batches to claim", responses=page_of(BatchOut))
    def get(self, request: Request) -> Response:
        page = Pages(order=("claim_until", "id")).cut(live_batches(scope=self.scope), self.query_values)
        ids = [batch.batch_id for batch in page.items]
        zone, left = zone_of(scope=self.scope), left_at_branch(scope=self.scope, batch_ids=ids)
        claimed = claimed_by_customer(scope=self.scope, batch_ids=ids)
        return self.answer(page.shown(lambda batch: _batch_out(batch, zone=zone, left=left, claimed=claimed)))


class BatchDetail(ApiView):
    who = "customer"

    @extend_schema(summary="一个优惠券批次 · One batch", responses=BatchDetailOut)
    def get(self, request: Request, batch_id: UUID) -> Response:
        batch = live_batch(scope=self.scope, batch_id=batch_id)
        shown = _batch_out(
            batch,
            zone=zone_of(scope=self.scope),
            left=left_at_branch(scope=self.scope, batch_ids=[batch_id]),
            claimed=claimed_by_customer(scope=self.scope, batch_ids=[batch_id]),
        )
        ticket: tuple[str | None, datetime | None] = (None, None)
        if batch.needs_ticket:
            ticket = issue_ticket(batch_id=batch_id, customer_id=self.scope.customer_id, at=self.scope.at)
        return self.answer(shown | {"as_of": self.scope.at, "ticket": ticket[0], "ticket_until": ticket[1]})


class Claims(ApiView):
    """Marked own_scope in the list of addresses: claims that wait together share one transaction."""

    who = "customer"
    # A pattern leaves one hit in a thousand guesses: whoever guesses is done soon.
    tries = Limit("claim-codes", 10, 600)

    @extend_schema(summary="领取优惠券 · Claim a coupon", request=ClaimIn, responses={201: CouponOut})
    @idempotent(required=True)
    def post(self, request: Request, batch_id: UUID) -> HttpResponse:
        raw, customer_id = request._request, UUID(self.scope.carry["customer"])
        fingerprint = print_of(raw)
        given = self.body(ClaimIn) if raw.body else {}
        address = known_address(raw)
        if "code" in given:
            demand(self.tries, str(customer_id))

        def tell(outcome: Claimed | Refusal) -> Answer:
            if isinstance(outcome, Refusal):
                return answer_of(problem_answer(raw, outcome))
            shown = coupon_out(
                outcome, given=outcome.terms, at=outcome.claimed_at, zone=ZoneInfo(outcome.zone)
            )
            return Answer(201, _HEADERS, dumps(shown))

        told = claim_together(
            wish=Wish(
                customer_id=customer_id,
                at=self.scope.at,
                batch_id=batch_id,
                route=route_of(raw),
                key=read_key(raw.headers[HEADER]),
                fingerprint=fingerprint,
                tell=tell,
                request_id=self.scope.request_id,
                has_ticket="ticket" in given
                and is_ticket_good(
                    ticket=given["ticket"], batch_id=batch_id, customer_id=customer_id, at=self.scope.at
                ),
                device=device_hash(given["device"]) if "device" in given else None,
                address=range_hash(address) if address else None,
                code=claim_hash(batch_id, given["code"]) if "code" in given else None,
            )
        )
        return replay(told.answer) if told.is_replay else response_of(told.answer)


class Wallet(ApiView):
    who = "customer"
    query = WalletQuery

    @extend_schema(summary="我的优惠券 · My coupons", responses=page_of(WalletCouponOut))
    def get(self, request: Request) -> Response:
        rows = coupons_of_customer(scope=self.scope, state=self.query_values.get("state", ""))
        page = Pages(order=("-id",)).cut(rows, self.query_values)
        zone = zone_of(scope=self.scope)
        terms = terms_held(coupons=page.items)
        return self.answer(
            page.shown(
                lambda c: _wallet_coupon_out(c, given=terms[c.revision_id], at=self.scope.at, zone=zone)
            )
        )


class WalletCoupon(ApiView):
    who = "customer"

    @extend_schema(summary="我的一张优惠券 · One of my coupons", responses=WalletCouponOut)
    def get(self, request: Request, coupon_id: UUID) -> Response:
        coupon = coupon_of_customer(scope=self.scope, coupon_id=coupon_id)
        given = terms_held(coupons=[coupon])[coupon.revision_id]
        shown = _wallet_coupon_out(coupon, given=given, at=self.scope.at, zone=zone_of(scope=self.scope))
        return self.answer(shown)


class RedeemTokens(ApiView):
    who = "customer"

    @extend_schema(
        summary="出示二维码 · A token for the QR code", request=None, responses={201: RedeemTokenOut}
    )
    @idempotent()
    def post(self, request: Request, coupon_id: UUID) -> Response:
        token, expires_at = issue_redeem_token(scope=self.scope, coupon_id=coupon_id)
        return self.answer({"token": token, "expires_at": expires_at}, status=201)


class Redemptions(ApiView):
    who = "staff"
    verb = "rewards.coupon.redeem"
    # A code has 100 bits; this only keeps a broken client from filling the log.
    limits = (Limit("redemptions", 60, 60),)

    @extend_schema(summary="核销 · Redeem a coupon", request=RedemptionIn, responses={201: RedemptionOut})
    @idempotent(required=True)
    def post(self, request: Request) -> Response:
        body = dict(self.body(RedemptionIn))
        position = micro(body.pop("position", None))
        redemption = redeem_coupon(scope=self.scope, position=position, **body)
        return self.answer(_redemption_out(redemption), status=201)


class Worths(ApiView):
    who = "staff"
    verb = "rewards.coupon.redeem"
    limits = (Limit("redemptions", 60, 60),)

    @extend_schema(summary="核销前查看 · What a coupon is worth", request=RedemptionIn, responses=WorthOut)
    def post(self, request: Request) -> Response:
        body = self.body(RedemptionIn)
        shown = Shown(
            text=body.get("token") or body["code"],
            order_fen=body.get("order_fen"),
            position=micro(body.get("position")),
            merchant=body.get("merchant", ""),
        )
        seen = look_at_coupon(scope=self.scope, shown=shown)
        return self.answer(
            {
                "coupon_id": seen.coupon_id,
                "title": seen.title,
                "kind": seen.kind,
                "off_fen": seen.off_fen,
                "order_fen": seen.order_fen,
                "usable_until": seen.usable_until,
            }
        )


class Reversals(ApiView):
    who = "staff"
    verb = "rewards.coupon.reverse"

    @extend_schema(summary="冲正 · Reverse a redemption", request=ReversalIn, responses={201: ReversalOut})
    @idempotent(required=True)
    def post(self, request: Request, redemption_id: UUID) -> Response:
        made = reverse_redemption(scope=self.scope, redemption_id=redemption_id, **self.body(ReversalIn))
        return self.answer(
            {"id": made.pk, "redemption_id": made.redemption_id, "reversed_at": made.at}, status=201
        )
