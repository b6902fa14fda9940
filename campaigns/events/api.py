"""Events over HTTP: what phones tell, and what the bank's own systems tell."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.events.refusals import BatchMalformed
from campaigns.events.services.events import MOST, Outcome, take_phone_events
from campaigns.events.services.hooks import Call, take_hook
from campaigns.lib.clock import now
from campaigns.lib.hooks import NONCE, SIGNATURE, TIMESTAMP
from campaigns.lib.http.limits import Limit, address_of, demand, known_address
from campaigns.lib.http.malformed import BodyTooLarge, BodyUnreadable
from campaigns.lib.http.views import ApiView


class EventIn(serializers.Serializer[Any]):
    """一次行为 · Something the customer did."""

    id = serializers.UUIDField(help_text="手机生成的 UUIDv7，重发时不变 · UUIDv7 of the phone's making")
    kind = serializers.CharField(help_text="如 content.viewed · e.g. content.viewed")
    at = serializers.DateTimeField(
        required=False, help_text="缺省为编号中的时间 · the id's own time by default"
    )
    subject = serializers.CharField(required=False, help_text="content.item:0198… ")
    properties = serializers.DictField(required=False)


class EventsIn(serializers.Serializer[Any]):
    events = serializers.ListField(child=EventIn(), min_length=1, max_length=MOST)


class OutsideEventIn(serializers.Serializer[Any]):
    """客户以 customer_number、unionid、openid 之一指明 · The customer is named by one of three."""

    id = serializers.CharField(max_length=120, help_text="来源系统的编号 · the source's own id")
    kind = serializers.CharField()
    at = serializers.DateTimeField()
    customer_number = serializers.CharField(required=False)
    unionid = serializers.CharField(required=False)
    openid = serializers.CharField(required=False)
    app = serializers.CharField(required=False, help_text="openid 所属应用 · the app of an openid")
    subject = serializers.CharField(required=False)
    properties = serializers.DictField(required=False)


class OutsideEventsIn(serializers.Serializer[Any]):
    events = serializers.ListField(child=OutsideEventIn(), min_length=1, max_length=1000)


class RefusedEventOut(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="在批次中的位置，从 0 起 · place in the batch, from 0")
    code = serializers.CharField()
    detail_zh = serializers.CharField()
    detail_en = serializers.CharField()


class OutcomeOut(serializers.Serializer[Any]):
    taken = serializers.ListField(child=serializers.UUIDField(), help_text="新收下的 · new")
    known = serializers.ListField(child=serializers.UUIDField(), help_text="此前已有的 · told before")
    refused = RefusedEventOut(many=True)


def outcome_out(outcome: Outcome) -> dict[str, Any]:
    return {
        "taken": outcome.taken,
        "known": outcome.known,
        "refused": [
            {
                "index": each.index,
                "code": each.refusal.code,
                "detail_zh": each.refusal.detail("zh"),
                "detail_en": each.refusal.detail("en"),
            }
            for each in outcome.refused
        ],
    }


class Events(ApiView):
    """Marked own_scope in the list of addresses: many requests share one transaction."""

    who = "customer"
    limits = (Limit("events", 60, 60),)

    @extend_schema(
        operation_id="events",
        summary="上报行为 · Tell what the customer did",
        description=(
            "同一编号只计一次，可放心重发；不合格的事件逐条拒收，其余照收。"
            " · An id counts once, so sending again is safe; what is wrong is refused one by one, the rest is taken."
        ),
        request=EventsIn,
        responses=OutcomeOut,
    )
    def post(self, request: Request) -> Response:
        body = request.data
        if type(body) is not dict or len(body) != 1 or "events" not in body:
            raise BatchMalformed(most=MOST)
        return self.answer(outcome_out(take_phone_events(scope=self.scope, events=body["events"])))


class Hook(ApiView):
    """Marked own_scope, since nobody is logged in: the signature says who speaks."""

    who = "anyone"
    max_body = 1_048_576
    # The bank's core speaks from one address, and more than a visitor does.
    calls = Limit("hooks", 1200, 60)

    @extend_schema(
        operation_id="hooks",
        summary="行内系统上报 · The bank's own systems tell",
        description=(
            "签名为 HMAC-SHA256(时间戳、换行、nonce、换行、正文)，十六进制；时间戳相差不超过 5 分钟，"
            "nonce 不可重复。"
            " · The signature is HMAC-SHA256 of timestamp, line feed, nonce, line feed, body, in hex; the timestamp is"
            " within five minutes, and a nonce is good once."
        ),
        parameters=[
            OpenApiParameter(name, str, OpenApiParameter.HEADER, required=True)
            for name in (TIMESTAMP, NONCE, SIGNATURE)
        ],
        request=OutsideEventsIn,
        responses=OutcomeOut,
    )
    def post(self, request: Request, source: str) -> Response:
        call = Call(
            timestamp=request.headers.get(TIMESTAMP, ""),
            nonce=request.headers.get(NONCE, ""),
            signature=request.headers.get(SIGNATURE, ""),
            body=self._body(request),
            address=known_address(request._request),
        )
        return self.answer(
            outcome_out(take_hook(sources=settings.EVENT_SOURCES, source=source, call=call, at=now()))
        )

    def _check_limits(self, request: Request) -> None:
        demand(self.calls, address_of(request._request))

    def _body(self, request: Request) -> bytes:
        """The bytes that were signed, and no more of them than are taken."""
        raw = request._request
        length = raw.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > self.max_body:
            raise BodyTooLarge(limit=self.max_body)
        try:
            body: bytes = raw.body
        except OSError as error:  # the client went away
            raise BodyUnreadable from error
        if len(body) > self.max_body:
            raise BodyTooLarge(limit=self.max_body)
        return body
