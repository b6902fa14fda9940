"""Refusals of requests that break the contract of the API itself, before any rule of the bank is asked.

They are answered, but never kept under a request key: the client's next try is a different request.
"""

from typing import Any, ClassVar

from campaigns.lib.refusals import Refusal


class Malformed(Refusal):
    code = "request.malformed"
    zh = "请求格式有误，无法处理。"
    en = "The request is malformed."


class BodyUnreadable(Malformed):
    code = "request.body.unreadable"
    zh = "请求正文不是有效的 JSON（UTF-8）。"
    en = "The body is not valid JSON in UTF-8."


class BodyTooLarge(Malformed):
    code = "request.body.too_large"
    status = 413
    zh = "请求正文过大，最多 {limit} 字节。"
    en = "The body is too large: at most {limit} bytes."


class FieldsInvalid(Malformed):
    code = "request.fields.invalid"
    zh = "有字段缺失或填写有误，详见 errors。"
    en = "Some fields are missing or wrong; see errors."


class QueryUnknown(Malformed):
    code = "request.query.unknown"
    zh = "不支持的查询参数：{names}。"
    en = "Unknown query parameters: {names}."


class QueryRepeated(Malformed):
    code = "request.query.repeated"
    zh = "查询参数重复：{names}。"
    en = "Query parameters given more than once: {names}."


class QueryInvalid(Malformed):
    """`errors` says what is wrong with which query parameter."""

    code = "request.query.invalid"
    zh = "查询参数有误，详见 errors。"
    en = "Some query parameters are wrong; see errors."

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__()
        self.errors = errors


class CursorInvalid(Malformed):
    code = "request.cursor.invalid"
    zh = "分页游标无效，请从第一页重新开始。"
    en = "The cursor is not one of ours: start again from the first page."


class MethodNotAllowed(Malformed):
    code = "request.method.not_allowed"
    status = 405
    zh = "此地址不支持 {method} 方法。"
    en = "This address does not take {method}."


class MediaTypeUnsupported(Malformed):
    code = "request.media_type.unsupported"
    status = 415
    zh = "只接受 application/json。"
    en = "Only application/json is accepted."


class NotAcceptable(Malformed):
    code = "request.not_acceptable"
    status = 406
    zh = "只提供 application/json。"
    en = "Only application/json is on offer."


class KeyMissing(Malformed):
    code = "request.key.missing"
    zh = "此操作必须带 Idempotency-Key 请求头。"
    en = "This act needs an Idempotency-Key header."


class CredentialMissing(Malformed):
    code = "credential.missing"
    status = 401
    zh = "请先登录。"
    en = "Log in first."


class CredentialExpired(Malformed):
    code = "credential.expired"
    status = 401
    zh = "登录已过期，请刷新令牌或重新登录。"
    en = "The token has expired: refresh it or log in again."


class CredentialForged(Malformed):
    code = "credential.forged"
    status = 401
    zh = "登录凭证无效，请重新登录。"
    en = "The token is not valid: log in again."


class CredentialForeign(Malformed):
    """A good token, but of a customer where staff is asked for, or the other way round."""

    code = "credential.foreign"
    status = 401
    zh = "此登录凭证不能用于这个地址。"
    en = "This token is not for this address."


class TooMany(Malformed):
    """`retry_after` in whole seconds."""

    code = "request.too_many"
    status = 429
    zh = "操作过于频繁，请在 {retry_after} 秒后重试。"
    en = "Too many requests: try again in {retry_after} seconds."


class Failed:
    """No refusal but a mistake of ours, told in the same form."""

    code = "server.failed"
    status = 500
    values: ClassVar[dict[str, Any]] = {}

    def detail(self, language: str) -> str:
        if language.startswith("zh"):
            return "系统出错了，操作没有生效，请稍后重试。"
        return "Something went wrong on our side and nothing was done: try again later."


BY_CODE = {
    kind.code: kind for kind in (CredentialMissing, CredentialExpired, CredentialForged, CredentialForeign)
}
