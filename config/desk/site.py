"""The admin site: who may enter, where they stand, and what they are told when they stand nowhere."""

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from campaigns.lib.refusals import Refusal
from campaigns.notices import admin as notices
from campaigns.notices.selectors import COUNTED, count_unread
from campaigns.tenants.doors import DUTY_KEY, STAND_AT_KEY
from campaigns.tenants.middleware import own_scope
from campaigns.tenants.models import Role
from campaigns.tenants.scopes import Scope, ScopeClosed
from campaigns.tenants.selectors import path_of
from config.desk import data_map, entrance, provider, rights, sessions, switcher
from config.desk.autocomplete import Offers
from config.desk.log_in import LogInForm, LogInPage, code_page
from config.desk.own_log_in import PAGES, password_page, second_factor_page

# Pages of the log-in itself: they need no assignment.
_WITHOUT_SCOPE = {
    "logout",
    "password_change",
    "password_change_done",
    "second_factor",
    "sessions",
    "jsi18n",
}


class BankSite(UnfoldAdminSite):
    """Every page but those of the log-in itself stands in the scope of one assignment."""

    login_form = LogInForm
    enable_nav_sidebar = True
    index_title = _("Home")

    def get_urls(self) -> list[URLPattern]:
        return [
            path("switch/", self.admin_view(switcher.switch), name="switch"),
            path("switch/search/", self.admin_view(switcher.search), name="switch_search"),
            path("rights/", self.admin_view(rights.page), name="rights"),
            path("data-map/", self.admin_view(data_map.page), name="data_map"),
            path("inbox/", self.admin_view(notices.inbox), name="inbox"),
            path("inbox/mark/", self.admin_view(notices.mark), name="inbox_mark"),
            path("inbox/<uuid:notice_id>/", self.admin_view(notices.open_notice), name="inbox_open"),
            path("login/code/", self.log_in_code, name="log_in_code"),
            path("second-factor/", self.admin_view(self.second_factor), name="second_factor"),
            path("sessions/", self.admin_view(sessions.mine), name="sessions"),
            path("sessions/end/", self.admin_view(own_scope(sessions.end)), name="sessions_end"),
            path(
                "sessions/end-others/",
                self.admin_view(own_scope(sessions.end_others)),
                name="sessions_end_others",
            ),
            path("sessions/left/", self.admin_view(own_scope(sessions.left)), name="sessions_left"),
            path("sessions/here/", self.admin_view(own_scope(sessions.here)), name="sessions_here"),
            path("provider/", own_scope(provider.begin), name="provider"),
            path("provider/back/", own_scope(provider.come_back), name="provider_back"),
            *super().get_urls(),
        ]

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        def stand(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            name = request.resolver_match.url_name if request.resolver_match else ""
            duty = PAGES.get(request.session.get(DUTY_KEY, ""))
            if duty and name not in {duty, "logout", "jsi18n"}:
                # The door (session_door) opens no scope either; this says where to go.
                return HttpResponseRedirect(reverse(f"admin:{duty}"))
            if name in _WITHOUT_SCOPE or getattr(view, "own_scope", False):
                return view(request, *args, **kwargs)
            scope: Scope | None = getattr(request, "scope", None)
            if scope is None or scope.kind != "staff":
                return self.nowhere(request)
            try:
                scope.facts  # noqa: B018 - the first look verifies the assignment
            except ScopeClosed as refusal:
                if request.session.pop(STAND_AT_KEY, None) is None:
                    return self.nowhere(request)
                # The branch below which one stood has moved away; the assignment itself still holds.
                messages.warning(request, str(refusal))
                return HttpResponseRedirect(reverse("admin:index"))
            try:
                with transaction.atomic():
                    return view(request, *args, **kwargs)
            except Refusal as refusal:
                # Pages turn refusals into form errors themselves; what is left was asked by hand.
                messages.error(request, str(refusal))
                return HttpResponseRedirect(reverse("admin:index"))

        guarded: Callable[..., Any] = super().admin_view(update_wrapper(stand, view), cacheable)

        def enter(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            name = request.resolver_match.url_name if request.resolver_match else ""
            is_stranger = name != "logout" and not self.has_permission(request)
            if is_stranger and (answer := entrance.turned_away(request)) is not None:
                return answer
            return guarded(request, *args, **kwargs)

        return update_wrapper(enter, guarded)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        context = {
            **self.each_context(request),
            "title": _("Log in"),
            "app_path": request.get_full_path(),
            **entrance.ways_in(request),
            **(extra_context or {}),
        }
        page = LogInPage.as_view(extra_context=context, authentication_form=self.login_form)
        return page(request)

    def log_in_code(self, request: HttpRequest) -> HttpResponse:
        """The second step, of whoever is halfway in."""
        return code_page(request, self.each_context(request))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return password_page(request, {**self.each_context(request), **(extra_context or {})})

    def second_factor(self, request: HttpRequest) -> HttpResponse:
        """One's own second factor."""
        return second_factor_page(request, self.each_context(request))

    def nowhere(self, request: HttpRequest) -> HttpResponse:
        """Logged in, but in no assignment: the others are offered, or a way out."""
        held = switcher.held_by(request)
        roles = Role.objects.in_bulk({each.role for each in held})
        request.scope = None  # type: ignore[attr-defined]
        context = {
            **self.each_context(request),
            "title": _("No valid assignment"),
            "held": [{"assignment": each, "role": roles.get(each.role, each.role)} for each in held],
        }
        return TemplateResponse(request, "admin/nowhere.html", context, status=403)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Made when somebody looks at it: Django hands it to every page, and the sidebar is our own."""
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        # The theme's search keeps its answers for five minutes per log-in, whatever the assignment.
        raise Http404

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        return Offers.as_view(admin_site=self)(request)

    def extra_context(self, context: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
        """What the header and the sidebar's foot show on every page."""
        scope: Scope | None = getattr(request, "scope", None)
        if scope is None or scope.kind != "staff":
            return context
        held = getattr(request, "assignments", [])
        roles = Role.objects.in_bulk({*(each.role for each in held), scope.facts.role})
        waiting = count_unread(scope=scope)
        context |= {
            "unread": "99+" if waiting == COUNTED else waiting,
            "actor_name": scope.facts.actor_name,
            "role_name": roles.get(scope.facts.role, scope.facts.role),
            "stands_at": path_of(scope=scope),
            "switcher": switcher.panel(request, scope=scope, roles=roles),
        }
        return context
