"""A customer's points over HTTP: what there is, why, and until when."""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.lib.http.openapi import page_of
from campaigns.lib.http.pages import PageQuery, Pages
from campaigns.lib.http.views import ApiView
from campaigns.points.models import Entry, Lot, MovementKind
from campaigns.points.selectors.balances import (
    Change,
    balance_of,
    changes_by,
    first_entries_of,
    lots_of,
    zone_of,
)


class PointsOut(serializers.Serializer[Any]):
    """积分余额 · Points now."""

    usable = serializers.IntegerField(help_text="可用，欠回时为负 · usable; below zero when points are owed")
    pending = serializers.IntegerField(help_text="待生效 · not yet in force")
    held = serializers.IntegerField(help_text="冻结中 · set aside")
    owed = serializers.IntegerField(help_text="待抵扣 · owed, paid by what is earned next")
    next_end = serializers.DateTimeField(
        allow_null=True, help_text="最近一批的到期时刻 · when points lapse next"
    )
    next_points = serializers.IntegerField(help_text="届时到期多少 · how many then")
    sentence = serializers.CharField(help_text="30 分将于 12 月 31 日到期")


class ChangeOut(serializers.Serializer[Any]):
    """积分变动 · One movement, as it changed the customer's points."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=MovementKind.values)
    title = serializers.CharField(help_text="为什么 · why")
    at = serializers.DateTimeField()
    usable = serializers.IntegerField()
    pending = serializers.IntegerField()
    held = serializers.IntegerField()


class LotOut(serializers.Serializer[Any]):
    """一批积分 · Points that lapse together."""

    id = serializers.UUIDField()
    points = serializers.IntegerField(help_text="最初 · to begin with")
    usable = serializers.IntegerField()
    pending = serializers.IntegerField()
    held = serializers.IntegerField()
    earned_at = serializers.DateTimeField()
    active_at = serializers.DateTimeField(allow_null=True, help_text="null：等待事件 · waits for an event")
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text="null：不过期或未生效 · none, or not yet"
    )
    issuer = serializers.CharField(help_text="发行机构 · issued by")


class LotsOut(serializers.Serializer[Any]):
    items = LotOut(many=True)


class Points(ApiView):
    who = "customer"

    @extend_schema(summary="我的积分 · My points", responses=PointsOut)
    def get(self, request: Request) -> Response:
        now = balance_of(scope=self.scope, customer_id=self.scope.customer_id)
        said = ""
        if now.next_end is not None:
            # The end is exclusive: the last day is the one before midnight.
            day = (now.next_end - timedelta(microseconds=1)).astimezone(zone_of(scope=self.scope))
            said = _("%(points)s points end on %(month)s/%(day)s") % {
                "points": now.next_points,
                "month": day.month,
                "day": day.day,
            }
        return self.answer(
            {
                "usable": now.usable,
                "pending": now.pending,
                "held": now.held,
                "owed": now.owed,
                "next_end": now.next_end,
                "next_points": now.next_points,
                "sentence": said,
            }
        )


class PointsEntries(ApiView):
    who = "customer"
    query = PageQuery

    @extend_schema(summary="积分明细 · Why my points changed", responses=page_of(ChangeOut))
    def get(self, request: Request) -> Response:
        rows = first_entries_of(scope=self.scope, customer_id=self.scope.customer_id)
        page = Pages(order=("-id",)).cut(rows, self.query_values)
        sums = changes_by(
            scope=self.scope,
            customer_id=self.scope.customer_id,
            movement_ids=[each.movement_id for each in page.items],
        )
        return self.answer(page.shown(lambda entry: _change_out(entry, sums[entry.movement_id])))


class PointsLots(ApiView):
    who = "customer"

    @extend_schema(summary="积分批次 · My points by when they lapse", responses=LotsOut)
    def get(self, request: Request) -> Response:
        lots = lots_of(scope=self.scope, customer_id=self.scope.customer_id)
        return self.answer({"items": [_lot_out(lot) for lot in lots]})


def _change_out(entry: Entry, change: Change) -> dict[str, Any]:
    return {
        "id": entry.movement_id,
        "kind": entry.kind,
        "title": entry.title or MovementKind(entry.kind).label,
        "at": entry.at,
        "usable": change.usable,
        "pending": change.pending,
        "held": change.held,
    }


def _lot_out(lot: Lot) -> dict[str, Any]:
    return {
        "id": lot.pk,
        "points": lot.points,
        "usable": lot.rest,
        "pending": lot.pending,
        "held": lot.held,
        "earned_at": lot.earned_at,
        "active_at": None if lot.active_at.year == 9999 else lot.active_at,
        "expires_at": None if lot.expires_at is None or lot.expires_at.year == 9999 else lot.expires_at,
        "issuer": lot.issuer.name,
    }
