"""A customer's messages over HTTP, and the one-time permissions that the mini-program asks for."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.lib.http.limits import Limit
from campaigns.lib.http.openapi import NO_CONTENT, page_of
from campaigns.lib.http.pages import PageQuery, Pages
from campaigns.lib.http.views import ApiView
from campaigns.outreach.kinds import touch_kind, touch_kinds
from campaigns.outreach.models import Touch
from campaigns.outreach.selectors import credits_left, inbox_of, template_of
from campaigns.outreach.services.touches import grant_credit, read_touch
from campaigns.outreach.telling import label_of, words_in
from campaigns.requests.keys import HEADER, idempotent


class MessageOut(serializers.Serializer[Any]):
    """一条消息 · One message."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    name = serializers.CharField(help_text="消息类别 · what kind it is, in words")
    title = serializers.CharField()
    text = serializers.CharField()
    page = serializers.CharField(help_text="打开的小程序页面，可为空 · the page it opens; may be empty")
    sent_at = serializers.DateTimeField()
    is_read = serializers.BooleanField()


class SubscriptionIn(serializers.Serializer[Any]):
    kind = serializers.CharField(
        max_length=60, help_text="客户点了“允许”的消息类别 · the kind that was allowed"
    )


class SubscriptionOut(serializers.Serializer[Any]):
    """一类消息剩余的一次性授权 · What is left of one kind."""

    kind = serializers.CharField()
    name = serializers.CharField()
    template_id = serializers.CharField(help_text="微信模板；空为未配置 · empty: none is configured")
    left = serializers.IntegerField(help_text="剩余可发条数 · messages that may still be sent")


class SubscriptionsOut(serializers.Serializer[Any]):
    items = SubscriptionOut(many=True)


class MyMessages(ApiView):
    who = "customer"
    query = PageQuery

    @extend_schema(summary="我的消息 · My messages", responses=page_of(MessageOut))
    def get(self, request: Request) -> Response:
        page = Pages(order=("-sent_at", "-id")).cut(inbox_of(scope=self.scope), self.query_values)
        return self.answer(page.shown(_message))


class MessagesRead(ApiView):
    who = "customer"

    @extend_schema(summary="标记已读 · It was read", request=None, responses={204: NO_CONTENT})
    @idempotent()
    def post(self, request: Request, touch_id: UUID) -> Response:
        read_touch(scope=self.scope, touch_id=touch_id)
        return Response(status=204)


class Subscriptions(ApiView):
    who = "customer"
    limits = (Limit("subscriptions", 60, 60),)

    @extend_schema(
        summary="可请求的一次性订阅 · What the mini-program may ask for", responses=SubscriptionsOut
    )
    def get(self, request: Request) -> Response:
        return self.answer({"items": [self._left(code) for code in touch_kinds()]})

    @extend_schema(
        summary="记录一次“允许” · One message was allowed",
        request=SubscriptionIn,
        responses={201: SubscriptionOut},
    )
    @idempotent(required=True)
    def post(self, request: Request) -> Response:
        kind = self.body(SubscriptionIn)["kind"]
        grant_credit(
            scope=self.scope, customer_id=self.scope.customer_id, kind=kind, key=request.headers[HEADER][:120]
        )
        return self.answer(self._left(kind), status=201)

    def _left(self, kind: str) -> dict[str, Any]:
        left = credits_left(scope=self.scope, customer_id=self.scope.customer_id, kind=touch_kind(kind).code)
        return {"kind": kind, "name": label_of(kind), "template_id": template_of(kind=kind), "left": left}


def _message(touch: Touch) -> dict[str, Any]:
    return {
        "id": touch.pk,
        "kind": touch.kind,
        "name": label_of(touch.kind),
        "title": words_in(touch.words, "title"),
        "text": words_in(touch.words, "text"),
        "page": touch.page,
        "sent_at": touch.sent_at,
        "is_read": touch.read_at is not None,
    }
