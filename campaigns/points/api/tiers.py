"""A customer's tier over HTTP: what it gives, what is missing to the next one and to keep it."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.lib.http.views import ApiView
from campaigns.points.selectors.tiers import Standing, standing_of
from campaigns.points.tier_terms import Tier


class PerkOut(serializers.Serializer[Any]):
    """一项权益 · A benefit in words."""

    title = serializers.CharField()
    text = serializers.CharField()


class TierOut(serializers.Serializer[Any]):
    """一个等级 · One tier."""

    code = serializers.CharField()
    name = serializers.CharField()
    threshold = serializers.IntegerField(help_text="所需积分 · points it asks for")
    multiplier = serializers.FloatField(help_text="积分倍数 · of the points that rules give")
    discount = serializers.IntegerField(help_text="积分商城优惠百分比 · percent off in the mall")
    perks = PerkOut(many=True)


class NoticeOut(serializers.Serializer[Any]):
    """降级预告 · What is missing, and until when."""

    missing = serializers.IntegerField()
    until = serializers.DateTimeField(help_text="不含该时刻 · exclusive")
    sent_at = serializers.DateTimeField()


class OwnTierOut(serializers.Serializer[Any]):
    """我的会员等级 · How I stand."""

    scheme = serializers.CharField()
    tier = TierOut()
    since = serializers.DateTimeField(allow_null=True)
    counted = serializers.IntegerField(help_text="计入升级的积分 · points that count")
    next_tier = TierOut(allow_null=True)
    to_next = serializers.IntegerField(help_text="距下一级还差 · missing to the next tier")
    kept_until = serializers.DateTimeField(
        allow_null=True, help_text="等级保留至（不含），null 为长期 · exclusive; null: for good"
    )
    to_keep = serializers.IntegerField(help_text="保级还差 · missing to keep it beyond that")
    notice = NoticeOut(allow_null=True)
    tiers = TierOut(many=True, help_text="全部等级，从低到高 · all of them, the lowest first")
    sentence = serializers.CharField(help_text="保级还差 300 分，12 月 31 日到期")


class OwnTierOrNoneOut(serializers.Serializer[Any]):
    own = OwnTierOut(allow_null=True, help_text="null：所在机构没有会员等级 · no scheme of tiers here")


class OwnTier(ApiView):
    who = "customer"

    @extend_schema(summary="我的会员等级 · My tier", responses=OwnTierOrNoneOut)
    def get(self, request: Request) -> Response:
        stands = standing_of(scope=self.scope, customer_id=self.scope.customer_id)
        return self.answer({"own": stands and _told(stands, self.scope.at)})


def _told(stands: Standing, at: datetime) -> dict[str, Any]:
    notice = None
    if stands.noticed_at is not None:
        notice = {"missing": stands.to_keep, "until": stands.falls_at, "sent_at": stands.noticed_at}
    return {
        "scheme": stands.title,
        "tier": _tier(stands.tier),
        "since": stands.since,
        "counted": stands.counted,
        "next_tier": stands.next_tier and _tier(stands.next_tier),
        "to_next": stands.to_next,
        "kept_until": stands.kept_until,
        "to_keep": stands.to_keep,
        "notice": notice,
        "tiers": [_tier(each) for each in stands.tiers],
        "sentence": sentence_of(stands, at),
    }


def _tier(tier: Tier) -> dict[str, Any]:
    return {
        "code": tier.code,
        "name": tier.name,
        "threshold": tier.threshold,
        "multiplier": tier.multiplier / 10,
        "discount": tier.discount,
        "perks": [{"title": perk.title, "text": perk.text} for perk in tier.perks],
    }


# The end of a term is news when it is so near, or a notice is out; before that the next tier is.
_NEAR = timedelta(days=90)


def sentence_of(stands: Standing, at: datetime) -> str:
    """What matters most now, in the reader's language: what is missing to keep the tier, or to the next one."""
    end = stands.falls_at or stands.kept_until
    is_near = end is not None and (stands.falls_at is not None or end - at <= _NEAR)
    if stands.next_tier is not None and not (is_near and stands.to_keep):
        return _("%(points)s points to %(tier)s") % {
            "points": f"{stands.to_next:,}",
            "tier": stands.next_tier.name,
        }
    if end is None:
        return ""
    day = _last_day(end, at, ZoneInfo(stands.zone))
    if stands.to_keep:
        return _("%(points)s points short of keeping it, until %(day)s") % {
            "points": f"{stands.to_keep:,}",
            "day": day,
        }
    return _("Enough points to keep it beyond %(day)s") % {"day": day}


def _last_day(end: datetime, at: datetime, zone: ZoneInfo) -> str:
    """The end is exclusive: the last day is the one before midnight. With its year, unless it is this one's."""
    day = (end - timedelta(microseconds=1)).astimezone(zone)
    said = {"year": day.year, "month": day.month, "day": day.day}
    if day.year == at.astimezone(zone).year:
        return _("%(month)s/%(day)s") % said
    return _("%(year)s/%(month)s/%(day)s") % said
