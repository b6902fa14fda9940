"""A customer's own rights: consent, personalisation, a copy of one's information, to be forgotten."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.customers.consent_models import Channel, Purpose
from campaigns.customers.consent_refusals import ErasureNone
from campaigns.customers.consent_rules import PURPOSES, prefix_of
from campaigns.customers.consent_selectors import standing_of, texts_now
from campaigns.customers.rights_models import DataExport, Erasure
from campaigns.customers.rights_selectors import copies_of, copy_of, erasure_waiting
from campaigns.customers.services.consents import Wish, set_own_consents, set_personalisation
from campaigns.customers.services.copies import ask_for_copy, fetch_copy, hand_out_address
from campaigns.customers.services.rights import take_back_erasure
from campaigns.lib.http.limits import Limit, address_of
from campaigns.lib.http.openapi import NO_CONTENT
from campaigns.lib.http.views import ApiView
from campaigns.requests.keys import idempotent


class ConsentTextOut(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    title = serializers.CharField()
    title_en = serializers.CharField()
    text = serializers.CharField()
    text_en = serializers.CharField()
    sha256 = serializers.CharField()
    valid_from = serializers.DateTimeField()


class ChannelOut(serializers.Serializer[Any]):
    channel = serializers.ChoiceField(
        choices=["", *Channel.values], help_text="渠道；空为不分渠道 · empty: not over a channel"
    )
    is_given = serializers.BooleanField(help_text="现在是否有效 · whether it counts now")
    at = serializers.DateTimeField(allow_null=True, help_text="最近一次表示 · when it was last spoken of")


class PurposeOut(serializers.Serializer[Any]):
    purpose = serializers.ChoiceField(choices=Purpose.values)
    text = ConsentTextOut(allow_null=True)
    channels = ChannelOut(many=True)


class ConsentsOut(serializers.Serializer[Any]):
    """授权状态 · What this customer has agreed to."""

    purposes = PurposeOut(many=True)


class WishIn(serializers.Serializer[Any]):
    purpose = serializers.ChoiceField(choices=Purpose.values)
    channel = serializers.ChoiceField(choices=["", *Channel.values], required=False, default="")
    is_given = serializers.BooleanField()
    text_sha256 = serializers.CharField(
        max_length=64,
        required=False,
        default="",
        allow_blank=True,
        help_text="同意时必填：所展示文本的哈希 · for a consent: the hash of the text that was shown",
    )


class ConsentsIn(serializers.Serializer[Any]):
    consents = WishIn(many=True, allow_empty=False)


class PersonalisationIn(serializers.Serializer[Any]):
    is_personalised = serializers.BooleanField()


class PersonalisationOut(serializers.Serializer[Any]):
    is_personalised = serializers.BooleanField()


class CopyOut(serializers.Serializer[Any]):
    """个人信息副本 · A copy of one's information."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=DataExport.State.values)
    asked_at = serializers.DateTimeField()
    ready_at = serializers.DateTimeField(allow_null=True)
    kept_until = serializers.DateTimeField(allow_null=True)
    size = serializers.IntegerField()


class CopiesOut(serializers.Serializer[Any]):
    results = CopyOut(many=True)


class AddressOut(serializers.Serializer[Any]):
    """一次性下载地址 · An address good for one download, by this customer alone."""

    url = serializers.CharField()
    kept_until = serializers.DateTimeField()


class ErasureOut(serializers.Serializer[Any]):
    """注销申请 · A wish to be forgotten."""

    state = serializers.ChoiceField(choices=Erasure.State.values)
    asked_at = serializers.DateTimeField()
    erase_at = serializers.DateTimeField(help_text="此前可撤回 · may be taken back until then")


def _consents_out(view: ApiView) -> dict[str, Any]:
    texts = texts_now(scope=view.scope)
    said: dict[str, list[dict[str, Any]]] = {purpose: [] for purpose in PURPOSES}
    for each in standing_of(scope=view.scope, customer_id=view.scope.customer_id):
        said[each.purpose].append({"channel": each.channel, "is_given": each.is_given, "at": each.at})
    names = ("version", "title", "title_en", "text", "text_en", "sha256", "valid_from")
    return {
        "purposes": [
            {
                "purpose": purpose,
                "text": {name: getattr(text, name) for name in names}
                if (text := texts.get(purpose))
                else None,
                "channels": channels,
            }
            for purpose, channels in said.items()
        ]
    }


def _copy_out(export: DataExport) -> dict[str, Any]:
    return {
        "id": export.pk,
        "state": export.state,
        "asked_at": export.asked_at,
        "ready_at": export.ready_at,
        "kept_until": export.gone_at,
        "size": export.size,
    }


def _erasure_out(erasure: Erasure) -> dict[str, Any]:
    return {"state": erasure.state, "asked_at": erasure.asked_at, "erase_at": erasure.erase_at}


class Consents(ApiView):
    who = "customer"

    @extend_schema(operation_id="consents", summary="我的授权 · My consents", responses=ConsentsOut)
    def get(self, request: Request) -> Response:
        return self.answer(_consents_out(self))

    @extend_schema(
        operation_id="set_consents",
        summary="同意或撤回 · Agree or withdraw",
        description=(
            "撤回立即生效，包括已在排队的消息。 · A withdrawal counts at once, for what is queued too."
        ),
        request=ConsentsIn,
        responses=ConsentsOut,
    )
    @idempotent()
    def put(self, request: Request) -> Response:
        wishes = [Wish(**each) for each in self.body(ConsentsIn)["consents"]]
        set_own_consents(scope=self.scope, wishes=wishes, ip_prefix=prefix_of(address_of(request._request)))
        return self.answer(_consents_out(self))


class Personalisation(ApiView):
    who = "customer"

    @extend_schema(
        operation_id="set_personalisation",
        summary="个性化推荐开关 · Personalised recommendation",
        request=PersonalisationIn,
        responses=PersonalisationOut,
    )
    @idempotent()
    def put(self, request: Request) -> Response:
        is_on = self.body(PersonalisationIn)["is_personalised"]
        set_personalisation(scope=self.scope, is_on=is_on)
        return self.answer({"is_personalised": is_on})


class Copies(ApiView):
    who = "customer"

    @extend_schema(
        operation_id="copies", summary="我的信息副本 · Copies of my information", responses=CopiesOut
    )
    def get(self, request: Request) -> Response:
        return self.answer({"results": [_copy_out(each) for each in copies_of(scope=self.scope)[:20]]})

    @extend_schema(
        operation_id="ask_for_copy",
        summary="申请信息副本 · Ask for a copy",
        request=None,
        responses={202: CopyOut},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        return self.answer(_copy_out(ask_for_copy(scope=self.scope)), status=202)


class Copy(ApiView):
    who = "customer"

    @extend_schema(operation_id="copy", summary="一份信息副本 · One copy", responses=CopyOut)
    def get(self, request: Request, export_id: UUID) -> Response:
        return self.answer(_copy_out(copy_of(scope=self.scope, export_id=export_id)))


class CopyAddress(ApiView):
    who = "customer"
    limits = (Limit("copy-address", 10, 60),)

    @extend_schema(
        operation_id="copy_address",
        summary="取得一次性下载地址 · Get an address to fetch it once",
        request=None,
        responses={201: AddressOut},
    )
    def post(self, request: Request, export_id: UUID) -> Response:
        token = hand_out_address(scope=self.scope, export_id=export_id)
        url = reverse("api:copy-file", args=[export_id, token])
        export = copy_of(scope=self.scope, export_id=export_id)
        return self.answer({"url": url, "kept_until": export.gone_at}, status=201)


class CopyFile(ApiView):
    who = "customer"
    conditional = False

    @extend_schema(
        operation_id="copy_file",
        summary="下载信息副本（zip） · Fetch the copy (zip)",
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, export_id: UUID, token: str) -> HttpResponse:
        packed = fetch_copy(scope=self.scope, export_id=export_id, token=token)
        answer = HttpResponse(packed, content_type="application/zip")
        answer["Content-Disposition"] = 'attachment; filename="my-information.zip"'
        answer["Cache-Control"] = "no-store"
        return answer


class MyErasure(ApiView):
    who = "customer"

    @extend_schema(operation_id="erasure", summary="注销申请 · My erasure", responses=ErasureOut)
    def get(self, request: Request) -> Response:
        erasure = erasure_waiting(scope=self.scope, customer_id=self.scope.customer_id)
        if erasure is None:
            raise ErasureNone
        return self.answer(_erasure_out(erasure))

    @extend_schema(
        operation_id="take_back_erasure", summary="撤回注销 · Take it back", responses={204: NO_CONTENT}
    )
    def delete(self, request: Request) -> Response:
        take_back_erasure(scope=self.scope)
        return self.answer(status=204)
