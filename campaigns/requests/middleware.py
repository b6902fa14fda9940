"""Stands between the scope's transaction and the view's savepoint."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponseBase
from django.urls import resolve

from campaigns.requests.keys import HEADER, answer_once


class RequestKeys:
    """Answers keyed requests once, for views whose method is marked `@idempotent`."""

    def __init__(self, get_response: Callable[[Any], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        # Without a scope there is no caller: the view refuses, or opens a scope of its own.
        if request.scope is None or HEADER not in request.headers or not self._takes_key(request):
            return self.get_response(request)
        return answer_once(request=request, scope=request.scope, respond=lambda: self.get_response(request))

    def _takes_key(self, request: Any) -> bool:
        try:
            match = resolve(request.path_info)
        except Http404:
            return False
        request.resolver_match = match
        view = getattr(match.func, "cls", None)
        return hasattr(getattr(view, request.method.lower(), None), "request_key")
