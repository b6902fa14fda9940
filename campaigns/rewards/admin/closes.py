"""Closed days: the list, the page with the differences first, and the same as a workbook and as a PDF."""

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.module_loading import import_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.refusals import Refusal
from campaigns.rewards.admin.periods import TYPES, PeriodPages
from campaigns.rewards.close.showing import shown
from campaigns.rewards.models import Close
from campaigns.rewards.selectors.closes import close_in_scope, last_closes
from campaigns.rewards.selectors.coupons import zone_of
from campaigns.rewards.services.closing import close_day
from campaigns.tenants.desk import scope_of

# Loaded when asked for: fonts and spreadsheets are code that every process would wait for at its start.
_WRITERS = {
    "pdf": "campaigns.rewards.close.pdf.pdf_of",
    "xlsx": "campaigns.rewards.close.workbook.workbook_of",
}


class DayForm(forms.Form):
    day = forms.DateField()


@admin.register(Close)
class CloseAdmin(PeriodPages):
    noun = "rewards.close"
    list_display = ("day", "branch", "verdict", "nth", "closed_at", "by")
    list_display_links = ("day",)
    list_filter = ("is_green",)
    date_hierarchy = None
    ordering = ("-day", "branch_pos")
    list_before_template = "rewards/closes_head.html"
    change_form_outer_before_template = "rewards/close_page.html"

    class Media:
        css = {"all": ("rewards/batch.css", "rewards/quota.css", "rewards/close.css")}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Close]:
        scope = scope_of(request)
        # The list has each day once; every run has its page.
        match = request.resolver_match
        if match is not None and match.url_name == "rewards_close_changelist":
            return last_closes(scope=scope)
        return super().get_queryset(request).select_related("branch")

    @admin.display(description=_("result of the close"), ordering="is_green")
    def verdict(self, close: Close) -> str:
        if close.is_green:
            return format_html('<strong class="rw-green">{}</strong>', gettext("Agrees"))
        return format_html(
            '<strong class="rw-red">{}</strong>',
            gettext("%(number)s checks differ") % {"number": len(close.differences)},
        )

    @admin.display(description=_("closed by"), ordering="closed_by")
    def by(self, close: Close) -> str:
        return close.closed_by or gettext("by itself")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return []  # the page says all of it, in words

    def has_add_permission(self, request: HttpRequest, *_obj: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("run/", view(self.run_view), name="rewards_close_close_day"),
            path("<uuid:close_id>/again/", view(self.again_view), name="rewards_close_close_again"),
            path("<uuid:close_id>/sheet/", view(self.sheet_view), name="rewards_close_sheet"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        scope = scope_of(request)
        yesterday = scope.at.astimezone(zone_of(scope=scope)).date() - timedelta(days=1)
        more = {"may_run": scope.may("rewards.close.run"), "yesterday": yesterday.isoformat()}
        return super().changelist_view(request, {**(extra_context or {}), **more})

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> Any:
        if obj is not None:
            scope = scope_of(request)
            context |= {
                "close": obj,
                "shown": shown(scope=scope, close=obj),
                "may_run": scope.may("rewards.close.run"),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)

    def run_view(self, request: HttpRequest) -> HttpResponse:
        """Close a day of the branch the scope stands at."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = DayForm(request.POST)
        if not form.is_valid():
            messages.error(request, gettext("Choose a day."))
            return HttpResponseRedirect(reverse("admin:rewards_close_changelist"))
        return self._close(request, scope_of(request).branch_id, form.cleaned_data["day"])

    def again_view(self, request: HttpRequest, close_id: UUID) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        close = close_in_scope(scope=scope_of(request), close_id=close_id)
        return self._close(request, close.branch_id, close.day)

    def _close(self, request: HttpRequest, branch_id: int, day: Any) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            with transaction.atomic():
                close = close_day(scope=scope_of(request), branch_id=branch_id, day=day)
        except Refusal as refusal:
            if refusal.status == 403:
                raise
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:rewards_close_changelist"))
        if close.is_green:
            messages.success(request, gettext("Closed: everything agrees."))
        else:
            messages.warning(request, gettext("Closed: not everything agrees. The differences stand first."))
        return HttpResponseRedirect(reverse("admin:rewards_close_change", args=[close.pk]))

    def sheet_view(self, request: HttpRequest, close_id: UUID) -> HttpResponse:
        """The close as a file: `form` is "pdf" or "xlsx"."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        close = close_in_scope(scope=scope, close_id=close_id)
        form = "xlsx" if request.GET.get("form") == "xlsx" else "pdf"
        body = import_string(_WRITERS[form])(
            close, shown(scope=scope, close=close), zone=ZoneInfo(close.branch.zone)
        )
        name = f"close-{close.branch.code}-{close.day}-{close.nth}.{form}"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        }
        return HttpResponse(body, content_type=TYPES[form], headers=headers)
