"""Log-ins in the admin: what state they are in, and what a second person does to them."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import action, display

from campaigns.access.selectors import logins_within, resets_of, terms_of
from campaigns.access.services.resets import (
    Temporary,
    close_login,
    remove_second_factor,
    reopen_login,
    reset_password,
)
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import ScopedAdmin, scope_of
from campaigns.tenants.models import Login
from campaigns.tenants.scopes import current_scope

_LOGIN_OPEN, _LOGIN_CLOSED = pgettext_lazy("log-in", "open"), pgettext_lazy("log-in", "closed")


@admin.register(Login)
class LoginAdmin(ScopedAdmin):
    noun = "tenants.person"
    list_display = ("username", "person", "staff_number", "branch", "is_open", "second_factor", "last_login")
    list_filter = ("is_active",)
    search_fields = ("username", "person__name", "person__staff_number")
    search_help_text = _("Log-in name, name or staff number")
    ordering = ("person__branch_pos", "username")
    fields = (
        "username",
        "person",
        "branch",
        "state",
        "password_words",
        "second_factor",
        "last_login",
        "resets",
    )
    readonly_fields = fields
    actions_detail = ("reset_password_page", "remove_second_factor_page", "close_page", "reopen_page")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return logins_within(scope=scope_of(request)).select_related("person__branch")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_reset_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return scope_of(request).may("tenants.person.reset")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """What makes sense for this log-in in its present state."""
        login = self.get_object(request, str(object_id))
        if login is None or login.person_id == scope_of(request).person_id:
            return []
        hidden = {"reopen_page" if login.is_active else "close_page"}
        if not login.has_second_factor:
            hidden.add("remove_second_factor_page")
        offered = super().get_actions_detail(request, object_id)
        return [each for each in offered if not each.action_name.endswith(tuple(hidden))]

    @display(description=_("branch"), ordering="person__branch_pos")
    def branch(self, login: Login) -> Any:
        return login.person.branch

    @display(description=_("staff number"))
    def staff_number(self, login: Login) -> str:
        return login.person.staff_number

    @display(description=_("state"), ordering="is_active", label={True: "success", False: "danger"})
    def is_open(self, login: Login) -> Any:
        return login.is_active, _LOGIN_OPEN if login.is_active else _LOGIN_CLOSED

    @display(description=_("state"))
    def state(self, login: Login) -> Any:
        return _LOGIN_OPEN if login.is_active else _LOGIN_CLOSED

    @display(description=_("second factor"))
    def second_factor(self, login: Any) -> Any:
        return _("enrolled") if login.has_second_factor else _("not enrolled")

    @display(description=_("password"))
    def password_words(self, login: Login) -> Any:
        if login.is_demo:
            return _("well known: a log-in of the demo bank, good in demo mode alone")
        terms = terms_of(login_id=login.pk)
        if terms is None:
            return _("set by somebody else; must be changed at the first log-in")
        if terms.chosen_at is None:
            return _("temporary, until %(until)s") % {"until": _said(terms.good_until)}
        return _("chosen on %(at)s") % {"at": _said(terms.chosen_at)}

    @display(description=_("resets"))
    def resets(self, login: Login) -> Any:
        scope = current_scope()
        rows = [] if scope is None else list(resets_of(scope=scope, login_id=login.pk)[:10])
        lines = (
            (_said(row.at), row.get_kind_display(), row.asked_by_name or _("The system")) for row in rows
        )
        return format_html_join("", "<div>{} · {} · {}</div>", lines) or "–"

    @action(
        description=_("Reset the password"), url_path="reset-password", icon="password", permissions=["reset"]
    )
    def reset_password_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(
            request,
            object_id,
            title=_("Reset the password"),
            says=_(
                "The person gets a temporary password, good for 24 hours, and must choose a new one with it. All "
                "sessions of the log-in end. The second factor stays."
            ),
            act=reset_password,
            done=_("The password is reset."),
        )

    @action(
        description=_("Remove the second factor"),
        url_path="remove-second-factor",
        icon="phonelink_erase",
        permissions=["reset"],
    )
    def remove_second_factor_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(
            request,
            object_id,
            title=_("Remove the second factor"),
            says=_(
                "The phone and the recovery codes of this log-in no longer count; the password alone opens it until a "
                "new second factor is set up. All sessions of the log-in end."
            ),
            act=remove_second_factor,
            done=_("The second factor is removed."),
        )

    @action(description=_("Close the log-in"), url_path="close", icon="lock", permissions=["reset"])
    def close_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(
            request,
            object_id,
            title=_("Close the log-in"),
            says=_("It opens nothing from this moment on, in open sessions too. It can be opened again."),
            act=close_login,
            done=_("The log-in is closed."),
        )

    @action(
        description=_("Open the log-in again"), url_path="reopen", icon="lock_open", permissions=["reset"]
    )
    def reopen_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._ask(
            request,
            object_id,
            title=_("Open the log-in again"),
            says=_("It opens again with the password and the second factor that it had."),
            act=reopen_login,
            done=_("The log-in is open again."),
        )

    def _ask(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        title: Any,
        says: Any,
        act: Callable[..., Temporary | None],
        done: Any,
    ) -> HttpResponse:
        """A page that says what will happen, and does it when it is confirmed."""
        login = self.get_object(request, object_id)
        if login is None:
            return redirect("admin:tenants_login_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "original": login,
            "says": says,
        }
        if request.method == "POST":
            try:
                with transaction.atomic():
                    told = act(scope=scope_of(request), login_id=login.pk)
            except Refusal as refusal:
                context["refusal"] = str(refusal)
            else:
                if told is not None:
                    return TemplateResponse(request, "admin/access/told_once.html", context | {"told": told})
                messages.success(request, done)
                return redirect(reverse("admin:tenants_login_change", args=[object_id]))
        return TemplateResponse(request, "admin/access/ask.html", context)


def _said(moment: Any) -> str:
    return str(date_format(localtime(moment), "SHORT_DATETIME_FORMAT"))
