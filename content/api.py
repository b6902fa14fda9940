"""What customers see of content."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.lib.clock import now
from campaigns.lib.http.problems import problem_answer
from campaigns.lib.http.views import ApiView
from campaigns.lib.refusals import Refusal
from campaigns.tenants.middleware import own_scope
from campaigns.tenants.scopes import Scope, opened
from content.addresses import Pass, customer_addresses, read_customer_pass
from content.files import picture_answer
from content.rules import AddressIsVoid
from content.scopes import public_scope
from content.selectors import Card, home_feed, rendition_shown


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


class HomeOut(serializers.Serializer[Any]):
    branch = BranchOut()
    banner = CardOut(many=True)
    feed = CardOut(many=True)


def card_out(card: Card, scope: Scope) -> dict[str, Any]:
    """One card as the phone gets it."""
    live, picture, offer = card.live, card.picture, card.coupon
    return {
        "id": card.content_id,
        "kind": live.kind,
        "title": live.title,
        "summary": live.summary,
        "picture": {
            "alt": picture["alt"],
            "colour": picture["colour"],
            "width": picture["width"],
            "height": picture["height"],
            "urls": customer_addresses(scope=scope, item_id=card.content_id, picture=picture),
        }
        if picture
        else None,
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
    """Opens a scope of its own: the view's savepoint alone would be a query more."""

    who = "customer"

    @extend_schema(summary="首页 · Home page", responses=HomeOut, tags=["content"])
    def get(self, request: Request) -> Response:
        with opened(self.scope) as scope:
            home = home_feed(scope=scope)
        return self.answer(
            {
                "branch": {"code": home.branch.code, "name": home.branch.name},
                "banner": [card_out(card, scope) for card in home.banner],
                "feed": [card_out(card, scope) for card in home.feed],
            }
        )


@own_scope
@require_safe
def media(request: HttpRequest, rendition_id: UUID, signature: str) -> HttpResponseBase:
    """The bytes of one rendition, for the customers of the branch that its address names.

    A phone sends no token with a picture; one that is sent must be of a customer of that branch.
    """
    at = now()
    try:
        given = read_customer_pass(rendition_id=rendition_id, signature=signature, at=at)
        if given.item_id is None:
            raise AddressIsVoid
        with _viewer(request, given, at) as scope:
            if scope.branch_id != given.branch_id:
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
