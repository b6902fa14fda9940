"""A customer's household over HTTP: who is in it, inviting, joining, leaving, and points passed on within it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.lib.http.limits import Limit
from campaigns.lib.http.views import ApiView
from campaigns.points.selectors.households import Housemate, own_household
from campaigns.points.services.households import (
    invite_to_household,
    join_household,
    leave_household,
    pass_points,
)
from campaigns.requests.keys import HEADER, idempotent

# A code has 128 bits of a seal; the limit spares the database.
_TRIES = (Limit("points-household", 20, 60),)


class HousemateOut(serializers.Serializer[Any]):
    """家庭成员 · A member of the household."""

    id = serializers.UUIDField(help_text="成员编号，转赠时用 · to pass points to")
    number = serializers.CharField(help_text="客户号末几位 · the end of the customer number")
    since = serializers.DateTimeField()
    is_me = serializers.BooleanField(help_text="本人 · oneself")


class HouseholdOut(serializers.Serializer[Any]):
    """我的家庭 · My household; no members: none."""

    members = HousemateOut(many=True)


class InvitationOut(serializers.Serializer[Any]):
    """加入家庭的邀请码 · An invitation, good for a day."""

    code = serializers.CharField()
    until = serializers.DateTimeField()


class JoinIn(serializers.Serializer[Any]):
    """接受邀请 · Join who invited."""

    code = serializers.CharField(max_length=80)


class TransferIn(serializers.Serializer[Any]):
    """转赠积分 · Points to a member of the household."""

    to = serializers.UUIDField(help_text="成员编号 · id of the member")
    points = serializers.IntegerField(min_value=1, max_value=1_000_000_000)


class TransferOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="变动编号，见积分明细 · the movement")
    points = serializers.IntegerField()


class MyHousehold(ApiView):
    who = "customer"

    @extend_schema(summary="我的家庭 · My household", responses=HouseholdOut)
    def get(self, request: Request) -> Response:
        return self.answer(_shown(own_household(scope=self.scope)))

    @extend_schema(summary="退出家庭 · Leave the household", responses={204: None})
    def delete(self, request: Request) -> Response:
        leave_household(scope=self.scope)
        return self.answer(status=204)


class Invitations(ApiView):
    who = "customer"
    limits = _TRIES

    @extend_schema(summary="当前邀请码 · An invitation to my household", responses=InvitationOut)
    def get(self, request: Request) -> Response:
        code, until = invite_to_household(scope=self.scope)
        return self.answer({"code": code, "until": until})


class Members(ApiView):
    who = "customer"
    limits = _TRIES

    @extend_schema(
        summary="接受邀请，加入家庭 · Join a household", request=JoinIn, responses={201: HouseholdOut}
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        joined = join_household(scope=self.scope, code=self.body(JoinIn)["code"])
        return self.answer(_shown(joined), status=201)


class Transfers(ApiView):
    who = "customer"
    limits = (Limit("points-transfers", 60, 60),)

    @extend_schema(
        summary="向家庭成员转赠积分 · Pass points on", request=TransferIn, responses={201: TransferOut}
    )
    @idempotent(required=True)
    def post(self, request: Request) -> Response:
        body = self.body(TransferIn)
        made = pass_points(
            scope=self.scope, member_id=body["to"], points=body["points"], key=request.headers[HEADER]
        )
        return self.answer({"id": made.movement_id, "points": body["points"]}, status=201)


def _shown(members: list[Housemate]) -> dict[str, Any]:
    return {
        "members": [
            {"id": each.member_id, "number": each.number_tail, "since": each.since, "is_me": each.is_me}
            for each in members
        ]
    }
