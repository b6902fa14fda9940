"""`Idempotency-Key` on views: the same key and request are answered once, and then with the same bytes.

    class Claim(ApiView):
        @idempotent(required=True)
        def post(self, request, batch_id): ...

The middleware does it for every view with a scope around it. A view marked own_scope calls `answer_in_scope`
inside the scope that it opens.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import UnreadablePostError

from campaigns.lib.http.malformed import BodyUnreadable
from campaigns.lib.http.problems import problem_answer, refusal_of
from campaigns.lib.refusals import Refusal
from campaigns.requests.rules import fingerprint_of, is_kept, read_key
from campaigns.requests.services import Answer, keep_answer, take_key
from campaigns.tenants.scopes import Scope

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
# Headers that belong to the answer; the others are of the moment.
_KEPT_HEADERS = ("Content-Type", "Content-Language", "Location", "Cache-Control", "Vary")

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class KeyRule:
    required: bool


def idempotent(*, required: bool = False) -> Callable[[F], F]:
    """Mark a view's method: it takes an Idempotency-Key, or (`required`) is refused without one."""

    def mark(method: F) -> F:
        method.request_key = KeyRule(required)  # type: ignore[attr-defined]
        return method

    return mark


def answer_once(
    *, request: HttpRequest, scope: Scope, respond: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """`respond()`, or what it answered before under this key. Without a key in the request, just `respond()`.

    `scope` is open; `respond` gives a rendered response, and has taken back what it wrote when that is a refusal.
    Key, effect and answer stand or fall together.
    """
    header = request.headers.get(HEADER)
    if header is None:
        return respond()
    try:
        key = read_key(header)
        with transaction.atomic(using=scope.using):
            taken = take_key(
                scope=scope,
                route=route_of(request),
                key=key,
                fingerprint=print_of(request, place=str(scope.branch_id) if scope.kind == "staff" else ""),
            )
            if isinstance(taken, Answer):
                return replay(taken)
            response = respond()
            if is_kept(status=response.status_code, refusal=getattr(response, "refusal", None)):
                keep_answer(scope=scope, taken=taken, answer=answer_of(response))
            else:
                # Lets go of the key; the view's own work was rolled back when it refused.
                transaction.set_rollback(True, using=scope.using)
            return response
    except (Refusal, RequestDataTooBig) as error:
        refusal = refusal_of(error, request)
        assert refusal is not None
        return problem_answer(request, refusal)


def answer_in_scope(
    *, request: HttpRequest, scope: Scope, respond: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """`answer_once` for a view that opened `scope` itself: a refusal that `respond` raises is an answer too."""

    def responded() -> HttpResponseBase:
        try:
            with transaction.atomic(using=scope.using):
                return respond()
        except Refusal as refusal:
            return problem_answer(request, refusal)

    return answer_once(request=request, scope=scope, respond=responded)


def route_of(request: HttpRequest) -> str:
    """Which address a key is for, whatever ids are in it."""
    match = request.resolver_match
    return (match.view_name if match else "") or request.path[:120]


def print_of(request: HttpRequest, *, place: str = "") -> bytes:
    """What makes this request the same as another (`fingerprint_of`). Raises BodyUnreadable, RequestDataTooBig."""
    return fingerprint_of(
        method=request.method or "", address=request.get_full_path(), body=_body(request), place=place
    )


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except UnreadablePostError as error:  # the client went away
        raise BodyUnreadable from error


def answer_of(response: Any) -> Answer:
    """What of a rendered response is kept."""
    headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
    return Answer(response.status_code, headers, response.content)


def replay(answer: Answer) -> HttpResponse:
    """The answer again, marked as such."""
    response = response_of(answer)
    response[REPLAYED] = "true"
    return response


def response_of(answer: Answer) -> HttpResponse:
    """The response that goes out."""
    response = HttpResponse(answer.body, status=answer.status)
    for name, value in answer.headers.items():
        response[name] = value
    return response
