"""What the OpenAPI document says of every view: who may ask, problem answers, query parameters, request keys."""

from typing import Any, Literal

from django.utils.functional import cached_property
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

PROBLEM_TYPE = "application/problem+json"

SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "customer": [{"customerToken": []}],
    "staff": [{"staffToken": []}],
    "anyone": [],
}

SECURITY_SCHEMES = {
    "customerToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "客户访问令牌，由 auth/wechat 签发，15 分钟有效。 · A customer's, from auth/wechat; 15 minutes.",
    },
    "staffToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "员工访问令牌，由 staff/auth/token 签发。 · Staff's access token, from staff/auth/token.",
    },
}

PROBLEM_SCHEMA = {
    "type": "object",
    "description": "问题文档（RFC 9457） · Problem document (RFC 9457)",
    "required": ["type", "title", "status", "code", "detail", "detail_zh", "detail_en", "instance"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri",
            "examples": ["urn:fenhang:problem:rewards.batch.sold_out"],
        },
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "稳定代码 · stable code"},
        "detail": {
            "type": "string",
            "description": "按 Accept-Language，默认中文 · by Accept-Language, default Chinese",
        },
        "detail_zh": {"type": "string"},
        "detail_en": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "RFC 6901"},
                    "parameter": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}

_SAID = {
    "400": "请求格式有误 · Malformed request",
    "401": "未登录或令牌无效 · No token, or not a good one",
    "403": "岗位没有此权限 · The assignment lacks the right",
    "404": "不存在，或不属于您 · Absent, or not yours",
    "409": "同一请求正在处理，或与现状冲突 · In flight already, or in conflict",
    "422": "规则不允许，或幂等键已用于别的请求 · Refused by a rule, or the key was used for another request",
    "429": "过于频繁，见 Retry-After · Too many, see Retry-After",
}

KEY_DESCRIPTION = (
    "客户端为每个操作生成的唯一键，重试时沿用；7 天内同键同请求返回首次结果。"
    " · Unique per operation, kept for retries; within 7 days the same key and request give the first answer."
)


def page_of(item: Any) -> Any:
    """The response shape of a list by cursor, for extend_schema(responses=...)."""
    name = item.__name__ if isinstance(item, type) else type(item).__name__
    many = item(many=True) if isinstance(item, type) else item
    return inline_serializer(
        f"{name}Page",
        {
            "items": many,
            "next": serializers.CharField(
                allow_null=True, help_text="下一页的 cursor，末页为 null · `cursor` of the next page"
            ),
        },
    )


class ProblemSchema(AutoSchema):
    """drf-spectacular's reading of a view, with what ApiView does for all of them."""

    @cached_property
    def _who(self) -> str:
        return str(getattr(self.view, "who", "anyone"))

    def get_auth(self) -> list[dict[str, Any]]:
        return list(SECURITY[self._who])

    def get_override_parameters(self) -> list[Any]:
        found: list[Any] = []
        query = getattr(self.view, "query", None)
        if query is not None and self.method == "GET":
            found.append(query)
        rule = getattr(getattr(self.view, self.method.lower(), None), "request_key", None)
        if rule is not None:
            found.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    OpenApiTypes.STR,
                    OpenApiParameter.HEADER,
                    required=rule.required,
                    description=KEY_DESCRIPTION,
                )
            )
        return found

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False  # lists are pages; `page_of` says so

    def get_operation_id(self) -> str:
        """Method and address, which cannot collide: "get_batches_by_batch_id"."""
        words = self.path.removeprefix(spectacular_settings.SCHEMA_PATH_PREFIX or "").strip("/").split("/")
        named = [f"by_{word[1:-1]}" if word.startswith("{") else word for word in words]
        return "_".join([self.method.lower(), *named]).replace("-", "_")

    def get_tags(self) -> list[str]:
        return {"anyone": ["公开 · anyone"], "customer": ["客户 · customer"], "staff": ["员工 · staff"]}[
            self._who
        ][:]

    def _problem_reference(self) -> dict[str, Any]:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name="Problem", type=ResolvedComponent.SCHEMA, object="Problem", schema=PROBLEM_SCHEMA
        )
        self.registry.register_on_missing(component)
        return component.ref

    def _problem_codes(self) -> list[str]:
        codes = ["400", "429"]
        if self._who != "anyone":
            codes.append("401")
        if self._who == "staff":
            codes.append("403")
        if "{" in self.path:
            codes.append("404")
        if self.method != "GET":
            codes += ["409", "422"]
        return sorted(codes)

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        reference = self._problem_reference()
        for code in self._problem_codes():
            bodies.setdefault(
                code, {"description": _SAID[code], "content": {PROBLEM_TYPE: {"schema": reference}}}
            )
        return bodies


def add_security_schemes(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """drf-spectacular's hook: the two kinds of token."""
    result.setdefault("components", {})["securitySchemes"] = SECURITY_SCHEMES
    return result


NO_CONTENT = OpenApiResponse(description="无内容 · nothing")
