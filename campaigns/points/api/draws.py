"""Prize draws over HTTP: odds, what is promised, trying, and what one won."""

from collections.abc import Mapping, Sequence
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
from campaigns.points.api.mall import ReceiverIn
from campaigns.points.draws import WHOLE
from campaigns.points.models import DrawPledge, DrawTry, LiveDraw, PrizeKind
from campaigns.points.selectors.draws import (
    draw_on_offer,
    draws_on_offer,
    pledges_by_id,
    pledges_for_customer,
    pledges_of,
    prizes_left,
    tries_left,
    tries_of_customer,
)
from campaigns.points.services.mall import Receiver
from campaigns.points.services.tries import receive_prize, try_draw
from campaigns.requests.keys import HEADER, idempotent
from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.scopes import Scope


class PrizeOut(serializers.Serializer[Any]):
    """奖品 · A prize."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(
        choices=PrizeKind.values, help_text="points 积分，coupon 优惠券，pickup 网点自提，parcel 邮寄"
    )
    odds = serializers.IntegerField(help_text="一百万个号码中的份数 · parts of a million numbers")
    points = serializers.IntegerField()
    value_fen = serializers.IntegerField(
        help_text="奖品价值（分），0 表示未标明 · worth in fen; 0: not stated"
    )
    left = serializers.BooleanField(help_text="是否还有 · whether there are any left")


class PledgeOut(serializers.Serializer[Any]):
    """随机种子的承诺 · The promised seed."""

    id = serializers.UUIDField()
    sha256 = serializers.CharField(
        help_text="种子的 SHA-256，开抽前公布 · of the seed, shown before the first try"
    )
    made_at = serializers.DateTimeField()
    seed = serializers.CharField(
        allow_null=True, help_text="结束后公布的种子（64 字节，十六进制） · 64 bytes in hex, once it is over"
    )


class DrawOut(serializers.Serializer[Any]):
    """抽奖 · A prize draw."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    text = serializers.CharField(help_text="活动规则 · the rules")
    price_points = serializers.IntegerField()
    times_day = serializers.IntegerField(
        allow_null=True, help_text="每天次数，空为不限 · a day; null: no limit"
    )
    times_all = serializers.IntegerField(
        allow_null=True, help_text="总次数，空为不限 · in all; null: no limit"
    )
    tries_left = serializers.IntegerField(
        allow_null=True, help_text="今天还可抽 · left today; null: no limit"
    )
    open_from = serializers.DateTimeField()
    open_until = serializers.DateTimeField()
    prizes = PrizeOut(many=True, help_text="按号码顺序 · in the order in which they share the numbers")
    fallback_title = serializers.CharField(help_text="未中奖时显示 · what who wins nothing reads")
    fallback_points = serializers.IntegerField()
    fallback_odds = serializers.IntegerField(help_text="其余份数 · the rest of the million")
    pledges = PledgeOut(many=True, help_text="种子承诺，最新的在后 · the newest last")


class TryIn(serializers.Serializer[Any]):
    """抽奖请求 · One try."""

    points = serializers.IntegerField(
        min_value=0, max_value=2_000_000_000, help_text="客户看到的每次积分 · the price that was shown"
    )


class TryOut(serializers.Serializer[Any]):
    """一次抽奖及其结果 · A try and what came of it."""

    id = serializers.UUIDField()
    draw_id = serializers.UUIDField()
    sha256 = serializers.CharField(help_text="种子的 SHA-256 · of the seed it was drawn with")
    seed = serializers.CharField(
        allow_null=True, help_text="抽奖结束后公布的种子（十六进制） · the seed in hex, once the draw is over"
    )
    tried_by = serializers.UUIDField(
        help_text="参与计算的客户编号 · the customer's id that the number is made of"
    )
    nth = serializers.IntegerField(help_text="本人在该抽奖的第几次 · which of one's tries")
    number = serializers.IntegerField(help_text="抽到的号码 0–999999 · the number drawn")
    prize_id = serializers.UUIDField(allow_null=True, help_text="号码对应的奖品 · the prize of that number")
    missed = serializers.ChoiceField(
        choices=["", "stock", "coupon"],
        allow_blank=True,
        help_text="号码中奖但未发放的原因：stock 已抽完，coupon 券领不到 · why a prize drawn was not given",
    )
    kind = serializers.ChoiceField(choices=["", *PrizeKind.values], allow_blank=True)
    title = serializers.CharField()
    price_points = serializers.IntegerField()
    won_points = serializers.IntegerField()
    coupon_id = serializers.UUIDField(allow_null=True)
    state = serializers.ChoiceField(choices=["", "won", "sent", "delivered", "forgone"], allow_blank=True)
    needs_receiver = serializers.BooleanField(help_text="是否要填收件人 · whether it waits for an address")
    sent_by = serializers.CharField(help_text="承运商与单号 · carrier and number")
    at = serializers.DateTimeField()


_STATES = {DrawTry.State.DELIVERED: "delivered", DrawTry.State.FORGONE: "forgone"}


def _pledge(pledge: DrawPledge) -> dict[str, Any]:
    return {
        "id": pledge.pk,
        "sha256": pledge.sha256,
        "made_at": pledge.made_at,
        "seed": None if pledge.seed is None else bytes(pledge.seed).hex(),
    }


def _draw(
    draw: LiveDraw,
    *,
    left: set[UUID],
    tries: Mapping[UUID, int | None],
    pledges: Mapping[UUID, Sequence[DrawPledge]],
) -> dict[str, Any]:
    shown = ("title", "text", "price_points", "times_day", "times_all", "open_from", "open_until",
             "fallback_title", "fallback_points")  # fmt: skip
    return {
        "id": draw.draw_id,
        **{name: getattr(draw, name) for name in shown},
        "tries_left": tries.get(draw.draw_id),
        "prizes": [
            {
                "id": prize["id"],
                "title": prize["title"],
                "kind": prize["kind"],
                "odds": prize["parts"],
                "points": prize["points"],
                "value_fen": prize["value_fen"],
                "left": UUID(prize["id"]) in left,
            }
            for prize in draw.prizes
        ],
        "fallback_odds": WHOLE - sum(prize["parts"] for prize in draw.prizes),
        "pledges": [_pledge(pledge) for pledge in pledges.get(draw.draw_id, ())],
    }


def _shown(scope: Scope, draws: Sequence[LiveDraw]) -> list[dict[str, Any]]:
    """Draws with what is left, one query for each question."""
    ids = [draw.draw_id for draw in draws]
    day = scope.at.astimezone(zone_of(scope=scope)).date()
    left = prizes_left(prize_ids=[UUID(prize["id"]) for draw in draws for prize in draw.prizes])
    pledges = pledges_of(draw_ids=ids)
    tries = tries_left(scope=scope, draws=draws, day=day)
    return [_draw(draw, left=left, tries=tries, pledges=pledges) for draw in draws]


def _try(each: DrawTry, pledge: DrawPledge | None) -> dict[str, Any]:
    shown = ("id", "draw_id", "tried_by", "nth", "number", "prize_id", "missed", "kind", "title",
             "price_points", "won_points", "coupon_id", "sent_by", "at")  # fmt: skip
    return {name: getattr(each, name) for name in shown} | {
        "state": _STATES.get(DrawTry.State(each.state), each.state),
        # Of a branch that the customer has left, neither can be seen.
        "sha256": pledge.sha256 if pledge else "",
        "seed": pledge.seed and bytes(pledge.seed).hex() if pledge else None,
        "needs_receiver": (each.kind, each.state, each.sealed_for) == ("parcel", "won", None),
    }


def _one(each: DrawTry) -> dict[str, Any]:
    return _try(each, pledges_by_id(pledge_ids=[each.pledge_id]).get(each.pledge_id))


class Draws(ApiView):
    who = "customer"
    query = PageQuery

    @extend_schema(summary="可参加的抽奖 · Draws one can try", responses=page_of(DrawOut))
    def get(self, request: Request) -> Response:
        page = Pages(order=("open_until", "id")).cut(draws_on_offer(scope=self.scope), self.query_values)
        shown = dict(zip(page.items, _shown(self.scope, page.items), strict=True))
        return self.answer(page.shown(lambda draw: shown[draw]))


class OneDraw(ApiView):
    who = "customer"

    @extend_schema(
        summary="一个抽奖：奖品、概率、种子承诺 · One draw, its odds and its pledge", responses=DrawOut
    )
    def get(self, request: Request, draw_id: UUID) -> Response:
        [shown] = _shown(self.scope, [draw_on_offer(scope=self.scope, draw_id=draw_id)])
        return self.answer(shown)


class Pledges(ApiView):
    """Whoever knows a draw's id, tried or not, can check it; also when the draw itself is no longer on offer."""

    who = "customer"

    @extend_schema(
        summary="抽奖的种子承诺，结束后含种子 · The pledges of a draw, with their seeds once it is over",
        responses=PledgeOut(many=True),
    )
    def get(self, request: Request, draw_id: UUID) -> Response:
        found = pledges_for_customer(draw_id=draw_id)
        return self.answer([_pledge(each) for each in found])


class Tries(ApiView):
    who = "customer"
    limits = (Limit("points-tries", 60, 60),)

    @extend_schema(summary="抽一次 · Try once", request=TryIn, responses={201: TryOut})
    @idempotent(required=True)
    def post(self, request: Request, draw_id: UUID) -> Response:
        made = try_draw(
            scope=self.scope, draw_id=draw_id, points=self.body(TryIn)["points"], key=request.headers[HEADER]
        )
        return self.answer(_one(made), status=201)


class MyTries(ApiView):
    who = "customer"
    query = PageQuery

    @extend_schema(summary="我的抽奖 · My tries", responses=page_of(TryOut))
    def get(self, request: Request) -> Response:
        page = Pages(order=("-id",)).cut(tries_of_customer(scope=self.scope), self.query_values)
        pledges = pledges_by_id(pledge_ids={each.pledge_id for each in page.items})
        return self.answer(page.shown(lambda each: _try(each, pledges.get(each.pledge_id))))


class Receivers(ApiView):
    who = "customer"
    limits = (Limit("points-tries", 60, 60),)

    @extend_schema(summary="填写奖品收件人 · Who receives a prize", request=ReceiverIn, responses=TryOut)
    @idempotent()
    def post(self, request: Request, try_id: UUID) -> Response:
        receiver = Receiver(**self.body(ReceiverIn))
        return self.answer(_one(receive_prize(scope=self.scope, try_id=try_id, receiver=receiver)))
