"""Entry codes over HTTP: which group takes members just now."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.lib.clock import now
from campaigns.lib.geo import MICRO, to_gcj02
from campaigns.lib.http.limits import Limit
from campaigns.lib.http.views import ApiView
from community.groups.qr import as_address, picture_of
from community.groups.services.entries import Shown, show_code


class EntryOut(serializers.Serializer[Any]):
    """当前收人的社群 · The group that takes members just now."""

    title = serializers.CharField()
    says = serializers.CharField(help_text="邀请语，可为空 · invitation, may be empty")
    branch = serializers.CharField()
    group = serializers.CharField()
    qr = serializers.CharField(help_text="data: 图片，长按识别 · a picture as a data: address")
    link = serializers.CharField(help_text="入群链接，可为空 · link to join, may be empty")
    metres = serializers.IntegerField(allow_null=True, help_text="到该网点的距离（米）· to the branch")


class EntryPositionIn(serializers.Serializer[Any]):
    """位置只用于本次查找，不保存 · The position is used for this search alone, and not kept."""

    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)
    system = serializers.ChoiceField(
        choices=["gcj02", "wgs84"],
        required=False,
        default="gcj02",
        help_text="坐标系，小程序 wx.getLocation 请用 gcj02 · of the mini-program gcj02, of a browser wgs84",
    )


class _Scanned(ApiView):
    """Marked own_scope: who scans has no scope, and a token sent along is not looked at."""

    who = "anyone"
    conditional = False
    limits = (Limit("entries", 30, 60),)

    def _shown(self, shown: Shown) -> Response:
        return self.answer(entry_out(shown), headers={"Cache-Control": "no-store"})


class Entry(_Scanned):
    who = "anyone"

    @extend_schema(summary="活码：当前社群 · The group of an entry code", responses=EntryOut, tags=["groups"])
    def get(self, request: Request, slug: str) -> Response:
        return self._shown(show_code(slug=slug, at=now()))


class EntryNear(_Scanned):
    who = "anyone"

    @extend_schema(
        summary="活码：最近网点的社群 · The group of the nearest branch",
        request=EntryPositionIn,
        responses=EntryOut,
        tags=["groups"],
    )
    def post(self, request: Request, slug: str) -> Response:
        asked = self.body(EntryPositionIn)
        return self._shown(show_code(slug=slug, at=now(), position=micro(**asked)))


def micro(*, latitude: float, longitude: float, system: str) -> tuple[int, int]:
    """In whole millionths of a degree, GCJ-02."""
    lat, lon = to_gcj02(latitude, longitude) if system == "wgs84" else (latitude, longitude)
    return round(lat * MICRO), round(lon * MICRO)


def entry_out(shown: Shown) -> dict[str, Any]:
    return {
        "title": shown.title,
        "says": shown.says,
        "branch": shown.branch_name,
        "group": shown.group_name,
        "qr": as_address(picture_of(shown)),
        "link": shown.link,
        "metres": shown.metres,
    }
