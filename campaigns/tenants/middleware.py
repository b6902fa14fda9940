"""Opens the scope around the view, its savepoint and the rendering of its response."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import resolve
from django.utils.module_loading import import_string

from campaigns.tenants.scopes import Scope, opened

# A door reads a request's credential and answers with the scope it opens, or None when it has no such key.
Door = Callable[[HttpRequest], Scope | None]


def own_scope(view: Any) -> Any:
    """Mark a view that opens short scopes of its own (log-in, claims, the home feed, uploads, exports)."""
    view.own_scope = True
    return transaction.non_atomic_requests(view)


class ScopeMiddleware:
    """`request.scope` is the open scope, or None for a request without a credential.

    A view marked `own_scope` gets `request.find_scope()` instead: the credential's scope, for it to open.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.doors: list[Door] = [import_string(path) for path in settings.SCOPE_DOORS]

    def __call__(self, request: Any) -> HttpResponseBase:
        request.scope = None
        try:
            view = resolve(request.path_info).func
        except Http404:
            return self.get_response(request)
        if getattr(view, "own_scope", False):
            request.find_scope = partial(self.find, request)
            return self.get_response(request)
        scope = self.find(request)
        if scope is None:
            return self.get_response(request)
        with opened(scope):
            request.scope = scope
            return self.get_response(request)

    def find(self, request: Any) -> Scope | None:
        """What the first door that knows the credential answers; not opened yet."""
        for door in self.doors:
            if (scope := door(request)) is not None:
                return scope
        return None
