"""Closed days and months of the ledger: the list, the page with the differences first, and the same as a file."""

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
from campaigns.points.admin.read_only import ReadPage
from campaigns.points.close.showing import shown
from campaigns.points.models import LedgerClose
from campaigns.points.selectors.desk import close_in_scope, closes_within, last_closes
from campaigns.points.services.closing import RUN, close_ledger
from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.desk import scope_of

TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Loaded when asked for: fonts and spreadsheets are code that every process would wait for at its start.
_WRITERS = {
    "pdf": "campaigns.points.close.pdf.pdf_of",
    "xlsx": "campaigns.points.close.workbook.workbook_of",
}


class PeriodForm(forms.Form):
    day = forms.DateField()
    period = forms.ChoiceField(choices=LedgerClose.Period.choices)


@admin.register(LedgerClose)
class LedgerCloseAdmin(ReadPage):
    noun = "points.ledgerclose"
    list_display = ("begins", "branch", "period", "verdict", "nth", "closed_at", "by")
    list_display_links = ("begins",)
    list_filter = ("period", "is_green")
    ordering = ("-day", "branch_pos")
    list_before_template = "points/closes_head.html"
    change_form_outer_before_template = "points/close_page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerClose]:
        # The list has each period once; every run has its page.
        match, scope = request.resolver_match, scope_of(request)
        is_list = match is not None and match.url_name == "points_ledgerclose_changelist"
        return last_closes(scope=scope) if is_list else closes_within(scope=scope)

    @admin.display(description=_("begins on"), ordering="day")
    def begins(self, close: LedgerClose) -> str:
        return f"{close.day:%Y-%m}" if close.period == LedgerClose.Period.MONTH else close.day.isoformat()

    @admin.display(description=_("result of the close"), ordering="is_green")
    def verdict(self, close: LedgerClose) -> str:
        if close.is_green:
            return format_html('<strong class="rw-green">{}</strong>', gettext("Agrees"))
        return format_html(
            '<strong class="rw-red">{}</strong>',
            gettext("%(number)s checks differ") % {"number": len(close.differences)},
        )

    @admin.display(description=_("closed by"), ordering="closed_by")
    def by(self, close: LedgerClose) -> str:
        return close.closed_by or gettext("by itself")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("run/", view(self.run_view), name="points_ledgerclose_close_day"),
            path("<uuid:close_id>/again/", view(self.again_view), name="points_ledgerclose_close_again"),
            path("<uuid:close_id>/sheet/", view(self.sheet_view), name="points_ledgerclose_sheet"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        scope = scope_of(request)
        yesterday = scope.at.astimezone(zone_of(scope=scope)).date() - timedelta(days=1)
        more = {
            "may_run": scope.may(RUN),
            "yesterday": yesterday.isoformat(),
            "periods": LedgerClose.Period.choices,
        }
        return super().changelist_view(request, {**(extra_context or {}), **more})

    def told(self, request: HttpRequest, obj: LedgerClose) -> dict[str, Any]:
        return {
            "close": obj,
            "shown": shown(scope=scope_of(request), close=obj),
            "may_run": scope_of(request).may(RUN),
        }

    def run_view(self, request: HttpRequest) -> HttpResponse:
        """Close a day or month of the branch the scope stands at."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = PeriodForm(request.POST)
        if not form.is_valid():
            messages.error(request, gettext("Choose a day."))
            return HttpResponseRedirect(reverse("admin:points_ledgerclose_changelist"))
        return self._close(request, scope_of(request).branch_id, **form.cleaned_data)

    def again_view(self, request: HttpRequest, close_id: UUID) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        close = close_in_scope(scope=scope_of(request), close_id=close_id)
        return self._close(request, close.branch_id, period=close.period, day=close.day)

    def _close(self, request: HttpRequest, branch_id: int, *, period: str, day: Any) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            with transaction.atomic():
                close = close_ledger(scope=scope_of(request), branch_id=branch_id, period=period, day=day)
        except Refusal as refusal:
            if refusal.status == 403:
                raise
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:points_ledgerclose_changelist"))
        if close.is_green:
            messages.success(request, gettext("Closed: everything agrees."))
        else:
            messages.warning(request, gettext("Closed: not everything agrees. The differences stand first."))
        return HttpResponseRedirect(reverse("admin:points_ledgerclose_change", args=[close.pk]))

    def sheet_view(self, request: HttpRequest, close_id: UUID) -> HttpResponse:
        """The close as a file: `form` is "pdf" or "xlsx"."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        close = close_in_scope(scope=scope_of(request), close_id=close_id)
        form = "xlsx" if request.GET.get("form") == "xlsx" else "pdf"
        body = import_string(_WRITERS[form])(
            close, shown(scope=scope_of(request), close=close), zone=ZoneInfo(close.branch.zone)
        )
        name = f"points-{close.branch.code}-{close.period}-{close.day}-{close.nth}.{form}"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        }
        return HttpResponse(body, content_type=TYPES[form], headers=headers)
