"""Logging in with WeChat, refreshing, logging out, and what a customer sees of themselves."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.customers.selectors import Profile, profile_of
from campaigns.customers.services.rights import ask_for_erasure
from campaigns.customers.services.sessions import Session, log_in_with_wechat, log_out, refresh_session
from campaigns.lib.clock import now
from campaigns.lib.http.limits import Limit
from campaigns.lib.http.openapi import NO_CONTENT
from campaigns.lib.http.views import ApiView


class Token(serializers.CharField):
    """Of our own making: short, printable ASCII."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=128, trim_whitespace=False, **more)

    def to_internal_value(self, data: Any) -> str:
        text: str = super().to_internal_value(data)
        if not text.isascii() or not text.isprintable():
            raise serializers.ValidationError("not a token")
        return text


class WeChatIn(serializers.Serializer[Any]):
    code = Token(help_text="wx.login() 返回的 code · the code of wx.login()")
    branch_code = serializers.CharField(
        max_length=32,
        required=False,
        allow_blank=True,
        default="",
        help_text="网点编号，仅首次登录需要 · code of the home branch, for a first log-in only",
    )


class RefreshIn(serializers.Serializer[Any]):
    refresh = Token(help_text="刷新令牌 · refresh token")


class HomeBranchOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class CustomerOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    number = serializers.CharField(help_text="脱敏客户号 · masked customer number")
    branch = HomeBranchOut(help_text="归属网点 · home branch")


class MeOut(CustomerOut):
    joined_at = serializers.DateTimeField()
    is_personalised = serializers.BooleanField(help_text="是否个性化推荐 · recommendation by profile")


class ErasureAskedOut(serializers.Serializer[Any]):
    """注销申请已受理 · The wish was noted."""

    erase_at = serializers.DateTimeField(help_text="此前可撤回 · may be taken back until then")


class SessionOut(serializers.Serializer[Any]):
    access = serializers.CharField(help_text="Bearer")
    refresh = serializers.CharField(help_text="一次有效 · good for one exchange")
    expires_in = serializers.IntegerField(help_text="access 的有效秒数 · seconds that access lives")


class LoggedInOut(SessionOut):
    customer = CustomerOut()


def session_out(session: Session) -> dict[str, Any]:
    return {"access": session.access, "refresh": session.refresh, "expires_in": session.expires_in}


def customer_out(profile: Profile) -> dict[str, Any]:
    return {
        "id": profile.customer.pk,
        "number": profile.number,
        "branch": {"code": profile.branch.code, "name": profile.branch.name},
    }


class LogInWithWeChat(ApiView):
    """Marked own_scope in the list of addresses: no transaction stays open while WeChat is asked."""

    who = "anyone"
    limits = (Limit("auth-wechat", 30, 60),)

    @extend_schema(
        operation_id="auth_wechat",
        summary="微信登录 · Log in with WeChat",
        description=(
            "服务器用 code 换取身份；首次登录须带 branch_code。"
            " · The server exchanges the code; a first log-in sends branch_code."
        ),
        request=WeChatIn,
        responses=LoggedInOut,
    )
    def post(self, request: Request) -> Response:
        body = self.body(WeChatIn)
        done = log_in_with_wechat(code=body["code"], branch_code=body["branch_code"], at=now())
        return self.answer({**session_out(done.session), "customer": customer_out(done.profile)})


class RefreshTokens(ApiView):
    """Marked own_scope: a family of tokens that is over must stay so when the answer is a refusal."""

    who = "anyone"
    limits = (Limit("auth-refresh", 60, 60),)

    @extend_schema(
        operation_id="auth_refresh",
        summary="刷新令牌 · Refresh the tokens",
        description=(
            "刷新令牌一次有效；60 秒内重试返回同一结果，其后再次使用将注销整个登录。"
            " · A refresh token is good once; a retry within 60 seconds gets the same answer,"
            " any later use ends the session."
        ),
        request=RefreshIn,
        responses=SessionOut,
    )
    def post(self, request: Request) -> Response:
        body = self.body(RefreshIn)
        return self.answer(session_out(refresh_session(refresh=body["refresh"], at=now())))


class LogOut(ApiView):
    """Marked own_scope, like its neighbours."""

    who = "anyone"

    @extend_schema(
        operation_id="auth_logout",
        summary="退出登录 · Log out",
        request=RefreshIn,
        responses={204: NO_CONTENT},
    )
    def post(self, request: Request) -> Response:
        body = self.body(RefreshIn)
        log_out(refresh=body["refresh"], at=now())
        return self.answer(status=204)


class Me(ApiView):
    who = "customer"

    @extend_schema(operation_id="me", summary="我的资料 · About me", responses=MeOut)
    def get(self, request: Request) -> Response:
        profile = profile_of(scope=self.scope)
        return self.answer(
            {
                **customer_out(profile),
                "joined_at": profile.customer.joined_at,
                "is_personalised": profile.customer.is_personalised,
            }
        )

    @extend_schema(
        operation_id="ask_for_erasure",
        summary="申请注销并删除个人信息 · Ask to be forgotten",
        description=(
            "冷静期内可用 DELETE me/erasure 撤回；仅登录不算撤回。"
            " · Until the day it is carried out it is taken back by DELETE me/erasure; logging in takes nothing back."
        ),
        responses={202: ErasureAskedOut},
    )
    def delete(self, request: Request) -> Response:
        erasure = ask_for_erasure(scope=self.scope)
        return self.answer({"erase_at": erasure.erase_at}, status=202)
