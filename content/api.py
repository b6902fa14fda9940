"""What customers see of content."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from campaigns.lib.clock import now
from campaigns.lib.http.problems import problem_answer
from campaigns.lib.http.views import ApiView
from campaigns.lib.refusals import Refusal
from campaigns.tenants.middleware import own_scope
from campaigns.tenants.scopes import Scope, opened
from content.addresses import Pass, read_customer_pass
from content.delivery.answers import prepared_answer
from content.delivery.pages import PAGES
from content.delivery.shelves import card_of
from content.files import picture_answer
from content.home_rules import REASONS
from content.rules import AddressIsVoid
from content.scopes import public_scope
from content.selectors import Card, rendition_shown


class PictureOut(serializers.Serializer[Any]):
    alt = serializers.CharField(help_text="读屏说明 · read aloud")
    colour = serializers.CharField(help_text="加载前的底色 #rrggbb · stands in its place until it arrives")
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    urls = serializers.DictField(
        child=serializers.CharField(),
        help_text="尺寸名 -> 地址，一至两小时内有效 · rendition (thumb, banner, poster, desk, share, fallback) ->"
        " address, good for one to two hours",
    )


class OfferOut(serializers.Serializer[Any]):
    batch_id = serializers.UUIDField()
    sentence = serializers.CharField()
    sentence_en = serializers.CharField()
    left = serializers.IntegerField(allow_null=True, help_text="本机构剩余张数 · left at the branch")


class CardOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    picture = PictureOut(allow_null=True)
    coupon = OfferOut(allow_null=True)


class BranchOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class ReasonOut(serializers.Serializer[Any]):
    """为什么出现在这里 · Why it is here."""

    code = serializers.ChoiceField(choices=list(REASONS))
    text = serializers.CharField()
    text_en = serializers.CharField()


class ElementOut(CardOut):
    """首页上的一个元素 · One element of the home page."""

    placement_id = serializers.UUIDField()
    times_day = serializers.IntegerField(
        allow_null=True, help_text="每天最多展示次数 · at most so often a day"
    )
    times_all = serializers.IntegerField(
        allow_null=True, help_text="180天内最多展示次数 · at most so often within 180 days"
    )
    reason = ReasonOut()


class HomeOut(serializers.Serializer[Any]):
    branch = BranchOut()
    banner = ElementOut(many=True)
    grid = ElementOut(many=True)
    popup = ElementOut(many=True, help_text="至多一个 · at most one")
    feed = ElementOut(many=True)
    branch_page = ElementOut(many=True, help_text="网点页 · the branch's own page")


def card_out(card: Card, scope: Scope) -> dict[str, Any]:
    """One card as the phone gets it."""
    offer = card.coupon
    return card_of(card.live, at=scope.at) | {
        "coupon": {
            "batch_id": offer.batch_id,
            "sentence": offer.sentence_zh,
            "sentence_en": offer.sentence_en,
            "left": offer.left,
        }
        if offer
        else None,
    }


class HomePage(ApiView):
    """Prepared (content/delivery): it opens the customer's scope only when something is missing."""

    who = "customer"

    @extend_schema(summary="首页 · Home page", responses=HomeOut, tags=["content"])
    def get(self, request: Request) -> HttpResponse:
        body = PAGES.home(scope=self.scope, customer_id=UUID(self.scope.carry["customer"]))
        return prepared_answer(request._request, body)


@own_scope
@require_safe
def media(request: HttpRequest, rendition_id: UUID, signature: str) -> HttpResponseBase:
    """The bytes of one rendition of an item of the branch that its address names, while it is shown.

    A phone sends no token with a picture; one that is sent must be of a customer of that branch, or of one below it.
    """
    at = now()
    try:
        given = read_customer_pass(rendition_id=rendition_id, signature=signature, at=at)
        if given.item_id is None:
            raise AddressIsVoid
        with _viewer(request, given, at) as scope:
            if given.branch_id not in scope.line:
                raise AddressIsVoid
            format = rendition_shown(scope=scope, item_id=given.item_id, rendition_id=rendition_id)
        return picture_answer(
            request,
            rendition_id,
            format,
            {
                "Cache-Control": f"private, max-age={int((given.until - at).total_seconds())}",
                # A mini-program draws it in a page of another origin; the address is what keeps it private.
                "Cross-Origin-Resource-Policy": "cross-origin",
            },
        )
    except (Refusal, FileNotFoundError):
        return problem_answer(request, AddressIsVoid())


def _viewer(request: Any, given: Pass, at: datetime) -> AbstractContextManager[Scope]:
    if "Authorization" not in request.headers:
        return public_scope(branch_id=given.branch_id, at=at, cause=f"{request.method} {request.path}")
    scope: Scope | None = request.find_scope()
    if scope is None or scope.kind != "customer":
        raise AddressIsVoid
    return opened(scope)
