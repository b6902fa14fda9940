"""The base of every view of the API.

    class MyCoupons(ApiView):
        who = "customer"
        query = PageQuery

        @extend_schema(summary="我的优惠券 · My coupons", responses=page_of(CouponOut))
        def get(self, request):
            page = coupons_of(scope=self.scope, query=self.query_values)
            return self.answer(page.shown(coupon_out))

A view says who may ask (`who`), for staff by which right (`verb`), and which query parameters it knows (`query`).
The rest is done here: the credential, unknown parameters, limits, ETag, problem documents.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from django.core.exceptions import ImproperlyConfigured
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from campaigns.lib.http import limits, malformed
from campaigns.lib.http.bodies import DEFAULT_MAX_BODY, JSONParser, JSONRenderer
from campaigns.lib.http.limits import Limit, address_of
from campaigns.lib.http.openapi import ProblemSchema
from campaigns.lib.http.problems import errors_of, exception_handler, problem_answer, roll_back_view

Who = Literal["anyone", "customer", "staff"]

DEFAULT_LIMITS: dict[str, Limit] = {
    "anyone": Limit("anyone", 120, 60),
    "customer": Limit("customer", 300, 60),
    "staff": Limit("staff", 600, 60),
}


class ApiView(APIView):
    """See above. Inside a view `self.scope` is the caller's scope, `self.query_values` the validated query."""

    who: ClassVar[Who]
    # The right demanded of staff: one for all methods, or one for each.
    verb: ClassVar[str | Mapping[str, str]] = ""
    query: ClassVar[type[BaseSerializer[Any]] | None] = None
    # Limits beside the default one of `who`, counted per caller.
    limits: ClassVar[tuple[Limit, ...]] = ()
    max_body: ClassVar[int] = DEFAULT_MAX_BODY  # bytes
    # Whether answers to GET carry an ETag and heed If-None-Match.
    conditional: ClassVar[bool] = True

    renderer_classes = [JSONRenderer]
    parser_classes = [JSONParser]
    authentication_classes = []
    permission_classes = []
    throttle_classes = []
    # Without OPTIONS, which would describe the view to whoever asks.
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    schema = ProblemSchema()

    # The caller's scope: open around the view, or (views marked own_scope) described and not opened yet.
    scope: Any = None
    query_values: Mapping[str, Any]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        who = getattr(cls, "who", None)
        if who not in DEFAULT_LIMITS:
            raise ImproperlyConfigured(f"{cls.__name__} does not say who may ask")
        if who == "staff" and not cls.verb:
            raise ImproperlyConfigured(f"{cls.__name__} does not say by which right staff may ask")
        return super().as_view(**initkwargs)

    def get_exception_handler(self) -> Any:
        return exception_handler

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Everything that is asked before the view itself. Raises refusals."""
        super().initial(request, *args, **kwargs)
        if (request.method or "").lower() not in (m.lower() for m in self.allowed_methods):
            self.http_method_not_allowed(request)
        self._check_credential(request)
        self._check_limits(request)
        self._check_query(request)
        rule = getattr(getattr(self, (request.method or "").lower(), None), "request_key", None)
        if rule is not None and rule.required and "Idempotency-Key" not in request.headers:
            raise malformed.KeyMissing

    def _check_credential(self, request: Request) -> None:
        if self.who == "anyone":
            return
        raw = request._request
        if code := getattr(raw, "credential_error", None):
            raise malformed.BY_CODE.get(code, malformed.CredentialForged)
        # The session of the admin is no credential here: a browser sends its cookie from any page.
        if not raw.headers.get("Authorization", "").lower().startswith("bearer "):
            raise malformed.CredentialMissing
        find = getattr(raw, "find_scope", None)
        self.scope = getattr(raw, "scope", None) or (find() if find else None)
        if code := getattr(raw, "credential_error", None):
            raise malformed.BY_CODE.get(code, malformed.CredentialForged)
        if self.scope is None:
            raise malformed.CredentialForged
        if self.scope.kind != self.who:
            raise malformed.CredentialForeign
        if self.who == "staff" and getattr(raw, "scope", None) is not None:
            self.scope.demand(self._verb(request.method or ""))

    def _verb(self, method: str) -> str:
        return self.verb if isinstance(self.verb, str) else self.verb["GET" if method == "HEAD" else method]

    def _check_limits(self, request: Request) -> None:
        if self.scope is None:
            who = address_of(request._request)
        else:
            # What the credential says; asking the scope itself would ask the database.
            who = ":".join(
                [self.scope.kind, *(str(value) for _name, value in sorted(self.scope.carry.items()))]
            )
        for limit in (DEFAULT_LIMITS[self.who], *self.limits):
            limits.demand(limit, who)

    def _check_query(self, request: Request) -> None:
        shape = self.query if request.method in ("GET", "HEAD") else None
        known = set(shape().fields) if shape else set()  # type: ignore[attr-defined]
        given = list(request.query_params.lists())
        if unknown := sorted({name for name, _values in given} - known):
            raise malformed.QueryUnknown(names=", ".join(name[:40] for name in unknown[:10]))
        self.query_values = {}
        if shape is None:
            return
        if repeated := [name for name, values in given if len(values) > 1]:
            raise malformed.QueryRepeated(names=", ".join(repeated))
        # Plain values: DRF takes an empty one of a QueryDict for a missing one.
        filled = shape(data={name: values[0] for name, values in given})
        if not filled.is_valid():
            raise malformed.QueryInvalid(list(errors_of(filled.errors, parameter=True)))
        self.query_values = filled.validated_data

    def body(self, shape: type[BaseSerializer[Any]]) -> Mapping[str, Any]:
        """The request's JSON in the given shape. Raises DRF's ValidationError, which becomes a problem document."""
        filled = shape(data=self.request.data)
        filled.is_valid(raise_exception=True)
        values: Mapping[str, Any] = filled.validated_data
        return values

    def answer(
        self, content: Any = None, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        """A JSON response; `content` is plain values, ids, moments and lists of them."""
        return Response(content, status=status, headers=dict(headers) if headers else None)

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, malformed.QueryInvalid):
            raw = self.request._request
            roll_back_view(raw)
            return problem_answer(raw, exc, errors=exc.errors)
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer: Any = super().finalize_response(request, response, *args, **kwargs)
        if not isinstance(answer, Response):
            return answer
        answer.setdefault("Vary", "Accept-Language, Authorization")
        if self.conditional and request.method in ("GET", "HEAD") and answer.status_code == 200:
            answer.setdefault("Cache-Control", "no-cache" if self.who == "anyone" else "private, no-cache")
            answer.add_post_render_callback(lambda rendered: _tagged(request, rendered))
        else:
            answer.setdefault("Cache-Control", "no-store")
        return answer


def _tagged(request: Request, rendered: Any) -> Any:
    """Give the response its ETag; empty it to 304 when the client has these bytes already (RFC 9110, 13.1.2)."""
    # Weak: the web server may compress the bytes under the same tag.
    tag = f'W/"{hashlib.sha256(rendered.content).hexdigest()[:32]}"'
    rendered["ETag"] = tag
    wanted = request.headers.get("If-None-Match", "")
    offered = {part.strip().removeprefix("W/") for part in wanted.split(",")}
    if "*" in offered or tag.removeprefix("W/") in offered:
        rendered.status_code = 304
        rendered.content = b""
        rendered.headers.pop("Content-Type", None)
    return rendered
