"""Staff's way into the API."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.access.log_ins import log_in
from campaigns.access.services.identities import demand_password_allowed
from campaigns.lib.clock import now
from campaigns.lib.http import tokens
from campaigns.lib.http.limits import Limit, known_address
from campaigns.lib.http.views import ApiView
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.tenants.selectors import Held, assignments_of


class NoAssignment(Refusal):
    code = "log_in.no_assignment"
    status = 403
    zh = "您目前没有任何岗位，请联系管理员。"
    en = "You hold no assignment at present: ask an administrator."


class TokenIn(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=60, help_text="登录名 · log-in name")
    password = serializers.CharField(max_length=256, trim_whitespace=False, help_text="密码 · password")
    otp = serializers.CharField(
        max_length=20,
        required=False,
        allow_blank=True,
        help_text=(
            "动态口令或恢复码；账号启用后必填 · one-time or recovery code; required once a second factor is enrolled"
        ),
    )
    assignment = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="以哪个岗位行事；默认第一个 · the assignment to act in; the first by default",
    )


class HeldBranchOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class AssignmentOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    role = serializers.CharField()
    branch = HeldBranchOut()
    path = serializers.ListField(
        child=serializers.CharField(), help_text="自总行而下 · from head office down"
    )


class TokenOut(serializers.Serializer[Any]):
    access = serializers.CharField(help_text="Bearer")
    expires_in = serializers.IntegerField(help_text="秒 · seconds")
    assignment = serializers.UUIDField(help_text="令牌所用岗位 · the assignment of this token")
    assignments = AssignmentOut(many=True)


def shown(held: Held) -> dict[str, Any]:
    return {
        "id": held.id,
        "role": held.role,
        "branch": {"code": held.branch_code, "name": held.branch_name},
        "path": list(held.path),
    }


class StaffToken(ApiView):
    """Marked own_scope in the list of addresses: no transaction stays open while a password is hashed."""

    who = "anyone"
    limits = (Limit("staff-token", 30, 60),)

    @extend_schema(
        summary="员工登录 · Log staff in",
        description=(
            "15 分钟内失败 10 次后锁定，返回 429 与 Retry-After。启用动态口令后须带 otp，否则返回 log_in.code_needed；"
            "每个口令只能用一次。尚未设置自己的密码时返回 403。"
            " · Ten failures within 15 minutes lock the log-in: 429 with Retry-After. With a second factor `otp` is"
            " required (else log_in.code_needed); each code works once. 403 while the first password is unchanged."
        ),
        tags=["员工 · staff"],
        request=TokenIn,
        responses=TokenOut,
    )
    def post(self, request: Request) -> Response:
        asked = self.body(TokenIn)
        at = now()
        demand_password_allowed(username=asked["username"])
        login = log_in(
            username=asked["username"],
            password=asked["password"],
            code=asked.get("otp", ""),
            address=known_address(request._request),
            at=at,
        )
        held = assignments_of(login_id=login.pk, at=at)
        if not held:
            raise NoAssignment
        wanted = asked.get("assignment")
        chosen = held[0] if wanted is None else next((a for a in held if a.id == wanted), None)
        if chosen is None:
            raise NotFound
        access = tokens.issue(
            kind="staff",
            subject=str(login.pk),
            seconds=settings.ACCESS_TOKEN_SECONDS,
            assignment=str(chosen.id),
        )
        return self.answer(
            {
                "access": access,
                "expires_in": settings.ACCESS_TOKEN_SECONDS,
                "assignment": chosen.id,
                "assignments": [shown(a) for a in held],
            }
        )
