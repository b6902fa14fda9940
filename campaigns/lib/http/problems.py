"""Every "no" of the API as one problem document (RFC 9457), with a stable `code`, in Chinese and English."""

from collections.abc import Iterator
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from rest_framework import exceptions

from campaigns.lib import refusals
from campaigns.lib.http import malformed
from campaigns.lib.http.malformed import Failed
from campaigns.lib.refusals import Refusal

CONTENT_TYPE = "application/problem+json"

TITLES = {
    400: ("请求有误", "Bad request"),
    401: ("需要登录", "Not logged in"),
    403: ("没有权限", "Not allowed"),
    404: ("没有找到", "Not found"),
    405: ("不支持的方法", "Method not allowed"),
    406: ("无法提供所需格式", "Not acceptable"),
    409: ("与当前状态冲突", "Conflict"),
    410: ("已不存在", "Gone"),
    413: ("内容过大", "Content too large"),
    415: ("不支持的格式", "Unsupported media type"),
    422: ("无法执行", "Cannot be done"),
    429: ("过于频繁", "Too many requests"),
    500: ("系统错误", "Server error"),
    502: ("外部服务出错", "Bad gateway"),
    503: ("暂时无法服务", "Unavailable"),
    504: ("外部服务超时", "Gateway timeout"),
}


def problem_document(
    refusal: Refusal | Failed, *, instance: str, errors: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    """The document of one refusal; `detail` is in the reader's language (default Chinese).

    `errors` lists what is wrong where: {pointer (RFC 6901, into the body) or parameter, code, detail}.
    """
    chinese = (get_language() or "zh-hans").startswith("zh")
    titles = TITLES.get(refusal.status, TITLES[400 if refusal.status < 500 else 500])
    document: dict[str, Any] = {
        "type": f"urn:fenhang:problem:{refusal.code}",
        "title": titles[0 if chinese else 1],
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.detail("zh" if chinese else "en"),
        "detail_zh": refusal.detail("zh"),
        "detail_en": refusal.detail("en"),
        "instance": instance,
    }
    if errors:
        document["errors"] = errors
    return document


def problem_answer(
    request: HttpRequest, refusal: Refusal | Failed, *, errors: list[dict[str, str]] | None = None
) -> HttpResponse:
    """The whole response; `answer.refusal` is the refusal, for those who decide whether it is kept."""
    document = problem_document(refusal, instance=request.path, errors=errors)
    answer = HttpResponse(orjson.dumps(document), status=refusal.status, content_type=CONTENT_TYPE)
    answer["Content-Language"] = "zh-Hans" if (get_language() or "zh").startswith("zh") else "en"
    answer["Cache-Control"] = "no-store"
    answer["Vary"] = "Accept-Language, Authorization"
    if refusal.status == 401:
        answer["WWW-Authenticate"] = f'Bearer error="{refusal.code}"'
    seconds = refusal.values.get("retry_after", refusal.values.get("seconds"))
    if seconds is not None and refusal.status in (409, 429, 503):
        answer["Retry-After"] = str(seconds)
    answer.refusal = refusal  # type: ignore[attr-defined]
    return answer


def errors_of(detail: Any, *, parameter: bool = False, path: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested error details as a flat list."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            here = path if name == "non_field_errors" else f"{path}/{name}"
            yield from errors_of(inner, parameter=parameter, path=here)
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            here = f"{path}/{number}" if isinstance(inner, dict) and inner else path
            yield from errors_of(inner, parameter=parameter, path=here)
    else:
        where = {"parameter": path.lstrip("/")} if parameter else {"pointer": path}
        yield {**where, "code": getattr(detail, "code", "invalid") or "invalid", "detail": str(detail)}


def refusal_of(error: Exception, request: HttpRequest) -> Refusal | None:
    """The refusal that says what DRF or Django means; None for what is a mistake of ours."""
    match error:
        case Refusal():
            return error
        case Http404() | exceptions.NotFound():
            return refusals.NotFound()
        case exceptions.ValidationError():
            return malformed.FieldsInvalid()
        case exceptions.ParseError():
            return malformed.BodyUnreadable()
        case exceptions.MethodNotAllowed():
            return malformed.MethodNotAllowed(method=request.method)
        case exceptions.UnsupportedMediaType():
            return malformed.MediaTypeUnsupported()
        case exceptions.NotAcceptable():
            return malformed.NotAcceptable()
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return malformed.CredentialMissing()
        case exceptions.PermissionDenied() | PermissionDenied():
            return refusals.NotAllowed(verb=f"{request.method} {request.path}")
        case RequestDataTooBig():
            from django.conf import settings

            return malformed.BodyTooLarge(limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        case SuspiciousOperation():
            return malformed.Malformed()
    return None


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's hook. A refusal rolls the view's savepoint back; anything unexpected stays a 500."""
    request = context["request"]._request
    refusal = refusal_of(error, request)
    if refusal is None:
        return None
    roll_back_view(request)
    errors = None
    if isinstance(error, exceptions.ValidationError):
        errors = list(errors_of(error.detail))
    answer = problem_answer(request, refusal, errors=errors)
    if isinstance(error, exceptions.MethodNotAllowed):
        answer["Allow"] = ", ".join(context["view"].allowed_methods)
    return answer


def roll_back_view(request: HttpRequest) -> None:
    """Undo what the view wrote before it refused: its savepoint, and never a transaction around it."""
    view = request.resolver_match.func if request.resolver_match else None
    own: set[str] = getattr(view, "_non_atomic_requests", set())
    for connection in connections.all(initialized_only=True):
        atomic = connection.settings_dict["ATOMIC_REQUESTS"] and connection.alias not in own
        if atomic and connection.in_atomic_block:
            connection.set_rollback(True)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For addresses under the API that do not exist."""
    return problem_answer(request, refusals.NotFound())


def failed(request: HttpRequest) -> HttpResponse:
    """For what is a mistake of ours."""
    return problem_answer(request, malformed.Failed())
