"""Looking customers up without their numbers in an address.

What stands in an address is kept by browsers, proxies and access logs. So the search form sends what was typed in its
body, and the list that answers is addressed by a sealed text that tells nothing, not even its length: it opens for
the person who searched alone, for a quarter of an hour.
"""

import base64
import binascii
import json
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from campaigns.lib import crypto
from campaigns.tenants.desk import ScopedAdmin, scope_of
from campaigns.tenants.scopes import Scope

LIVES = timedelta(minutes=15)
LONGEST = 64  # characters of what is typed
_PADDED = 512  # bytes: more than 64 characters take in JSON, so that every sealed text is equally long


def sealed_words(*, scope: Scope, words: str) -> str:
    """What was typed, for an address: opens for the scope's person within `LIVES`."""
    plain = json.dumps([(scope.at + LIVES).isoformat(), words[:LONGEST]], ensure_ascii=False).encode()
    sealed = crypto.seal_here(plain.ljust(_PADDED), place=_place(scope))
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def opened_words(*, scope: Scope, sealed: str) -> str | None:
    """What was typed; None for a text that is nobody's, another person's, or too old."""
    try:
        raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
        until, words = json.loads(crypto.unseal_here(raw, place=_place(scope)))
    except (crypto.Unreadable, binascii.Error, ValueError):
        return None
    return str(words) if datetime.fromisoformat(until) > scope.at else None


def _place(scope: Scope) -> str:
    return f"{scope.person_id}|customers|search"


class SealedSearch(ScopedAdmin):
    """A list whose search is sent as a form. `opens_the_one`: the only row found is shown at once."""

    opens_the_one: ClassVar[bool] = False
    search_longest = LONGEST

    def found_by(self, request: HttpRequest, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        """Which of these rows are meant by what was typed?"""
        raise NotImplementedError

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_search"
        search = path("search/", self.admin_site.admin_view(self.search_view), name=name)
        return [search, *super().get_urls()]

    @method_decorator(sensitive_post_parameters(SEARCH_VAR))
    def search_view(self, request: HttpRequest) -> HttpResponse:
        """To the one that was found, or to the list of them; the filters of the list stay."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        words = request.POST.get(SEARCH_VAR, "").replace("\x00", "").strip()
        if request.method != "POST" or not words:
            return self._to_list(request)
        if self.opens_the_one:
            found = list(self.found_by(request, self.get_queryset(request), words)[:2])
            if len(found) == 1:
                return HttpResponseRedirect(
                    reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[found[0].pk])
                )
        return self._to_list(request, sealed_words(scope=scope_of(request), words=words))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        asked = request.GET.get(SEARCH_VAR, "").strip()
        if asked:
            typed = opened_words(scope=scope_of(request), sealed=asked)
            if typed is None:
                messages.warning(
                    request, _("This search is over. Type the number into the search field again.")
                )
                return self._to_list(request)
            request.typed = typed  # type: ignore[attr-defined]
        return super().changelist_view(request, extra_context)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        listed = super().get_changelist_instance(request)
        listed.typed = getattr(request, "typed", "")
        listed.search_address = self._address(request, "search")
        return listed

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The term is what stands in the address; what is typed into an address by hand finds nobody."""
        if not search_term.strip():
            return queryset, False
        typed: str | None = getattr(request, "typed", None)
        return (queryset.none() if typed is None else self.found_by(request, queryset, typed)), False

    def _to_list(self, request: HttpRequest, sealed: str = "") -> HttpResponse:
        return HttpResponseRedirect(self._address(request, "changelist", sealed))

    def _address(self, request: HttpRequest, page: str, sealed: str = "") -> str:
        """A page of this list with the filters that are chosen now."""
        kept = request.GET.copy()
        for name in (SEARCH_VAR, PAGE_VAR):
            kept.pop(name, None)
        if sealed:
            kept[SEARCH_VAR] = sealed
        address = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}")
        return f"{address}?{kept.urlencode()}" if kept else address
