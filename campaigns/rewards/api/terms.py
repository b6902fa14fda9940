"""What a coupon gives, when and where, as the API says it; and a position as it is sent."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from campaigns.lib.geo import MICRO
from campaigns.rewards.models import DayRule, FaceUnit, LiveBatch, Terms


class PositionIn(serializers.Serializer[Any]):
    """位置（GCJ-02，与地图一致）· A position in GCJ-02, as maps in China have it."""

    lat = serializers.FloatField(min_value=-90, max_value=90)
    lon = serializers.FloatField(min_value=-180, max_value=180)


class CircleOut(serializers.Serializer[Any]):
    """可用地点 · A point and how many metres around it."""

    lat = serializers.FloatField()
    lon = serializers.FloatField()
    metres = serializers.IntegerField()


class TermsMerchantOut(serializers.Serializer[Any]):
    """可核销的商户 · A merchant where it is redeemed."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class TermsOut(serializers.Serializer[Any]):
    """给什么、何时何地可用 · What it gives, when and where it is good. What its kind does not have is null."""

    percent = serializers.IntegerField(allow_null=True, help_text="减免百分比，15 即 8.5 折 · percent off")
    thing = serializers.CharField(allow_null=True, help_text="礼品或权益名称 · the gift or right")
    face_value = serializers.IntegerField(allow_null=True)
    face_unit = serializers.ChoiceField(choices=FaceUnit.values, allow_null=True)
    hours_from = serializers.TimeField(
        allow_null=True, format="%H:%M", help_text="使用地当地时间 · local time"
    )
    hours_until = serializers.TimeField(
        allow_null=True, format="%H:%M", help_text="可跨零点 · may be the next day"
    )
    weekdays = serializers.ListField(
        child=serializers.IntegerField(), help_text="周一为 1，空为每天 · Monday is 1, empty: every day"
    )
    day_rule = serializers.ChoiceField(choices=DayRule.values, allow_null=True)
    places = serializers.ListField(
        child=serializers.CharField(), help_text="可用机构，空为不限 · branches, empty: anywhere"
    )
    merchants = TermsMerchantOut(
        many=True,
        help_text="只能在这些商户核销，空为银行柜台 · at these merchants alone, empty: at the bank's counters",
    )
    circles = CircleOut(many=True)


def terms_out(*, given: LiveBatch | Terms) -> dict[str, Any]:
    """As `TermsOut` says."""
    return {
        "percent": given.percent,
        "thing": given.thing or None,
        "face_value": given.face_value,
        "face_unit": given.face_unit or None,
        "hours_from": given.hours_from and f"{given.hours_from:%H:%M}",
        "hours_until": given.hours_until and f"{given.hours_until:%H:%M}",
        "weekdays": given.weekdays,
        "day_rule": given.day_rule or None,
        "places": list(given.redeem_names),
        "merchants": [
            {"id": key, "name": name}
            for key, name in zip(given.redeem_merchants, given.merchant_names, strict=True)
        ],
        "circles": [
            {"lat": lat / MICRO, "lon": lon / MICRO, "metres": metres} for lat, lon, metres in given.circles
        ],
    }


def micro(position: Mapping[str, float] | None) -> tuple[int, int] | None:
    """Latitude and longitude in millionths of a degree."""
    return (round(position["lat"] * MICRO), round(position["lon"] * MICRO)) if position else None
