"""A period of the branch one stands at: what is not closed first, then its book and settlement; as a file too."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.refusals import Refusal
from campaigns.rewards.close.periods import spans
from campaigns.rewards.close.showing import shown_period
from campaigns.rewards.selectors.coupons import zone_of
from campaigns.rewards.selectors.periods import Period, period_of
from campaigns.rewards.services.closing import RUN, ask_missed_days
from campaigns.tenants.desk import ScopedAdmin, scope_of

TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Loaded when asked for: fonts and spreadsheets are code that every process would wait for at its start.
_WRITERS = {
    "pdf": "campaigns.rewards.close.pdf.period_pdf_of",
    "xlsx": "campaigns.rewards.close.workbook.period_workbook_of",
}
SPANS = {
    "week": _("this week"),
    "last_week": _("last week"),
    "month": _("this month"),
    "last_month": _("last month"),
    "quarter": _("this quarter"),
    "last_quarter": _("last quarter"),
}


class PeriodForm(forms.Form):
    """Both ends included, and both or neither: then it is last month."""

    first = forms.DateField(required=False)
    last = forms.DateField(required=False)

    def period(self, today: date) -> tuple[date, date]:
        if not self.is_valid() or not all(self.cleaned_data.values()):
            return spans(today=today)["last_month"]
        return self.cleaned_data["first"], self.cleaned_data["last"]


class PeriodPages(ScopedAdmin):
    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("period/", view(self.period_view), name="rewards_close_period"),
            path("period/sheet/", view(self.period_sheet_view), name="rewards_close_period_sheet"),
            path("period/missed/", view(self.missed_view), name="rewards_close_missed"),
        ]
        return [*own, *super().get_urls()]

    def period_view(self, request: HttpRequest) -> HttpResponse:
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        try:
            period = self._period(request)
        except Refusal as refusal:
            if refusal.status == 403:
                raise
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:rewards_close_period"))
        scope = scope_of(request)
        today = _today(request)
        asked = (period.first, period.last)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Settlement of a period"),
            "opts": self.model._meta,
            "media": self.media,
            "period": period,
            "shown": shown_period(scope=scope, period=period),
            "close": period.branch,
            "address": _address(period.first, period.last),
            "today": today.isoformat(),
            "yesterday": (today - timedelta(days=1)).isoformat(),
            "spans": [
                (SPANS[name], _address(*span), span == asked) for name, span in spans(today=today).items()
            ],
            "may_run": scope.may(RUN),
        }
        return TemplateResponse(request, "rewards/period_page.html", context)

    def period_sheet_view(self, request: HttpRequest) -> HttpResponse:
        """The period as a file: `form` is "pdf" or "xlsx"."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        try:
            period = self._period(request)
        except Refusal as refusal:
            if refusal.status == 403:
                raise
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:rewards_close_period"))
        form = "xlsx" if request.GET.get("form") == "xlsx" else "pdf"
        scope = scope_of(request)
        body = import_string(_WRITERS[form])(
            period,
            shown_period(scope=scope, period=period),
            at=scope.at.astimezone(ZoneInfo(period.branch.zone)),
        )
        name = f"period-{period.branch.code}-{period.first}-{period.last}.{form}"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        }
        return HttpResponse(body, content_type=TYPES[form], headers=headers)

    def missed_view(self, request: HttpRequest) -> HttpResponse:
        """Close all missed days of the period, as a long job."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        first, last = PeriodForm(request.POST).period(_today(request))
        try:
            with transaction.atomic():
                job = ask_missed_days(scope=scope, branch_id=scope.branch_id, first=first, last=last)
        except Refusal as refusal:
            if refusal.status == 403:
                raise
            messages.error(request, str(refusal))
            return HttpResponseRedirect(_address(first, last))
        messages.success(request, gettext("The missed days are being closed, the oldest first."))
        return HttpResponseRedirect(reverse("admin:jobs_job_change", args=[job.pk]))

    def _period(self, request: HttpRequest) -> Period:
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        first, last = PeriodForm(request.GET).period(_today(request))
        return period_of(scope=scope, branch_id=scope.branch_id, first=first, last=last)


def _today(request: HttpRequest) -> date:
    scope = scope_of(request)
    return scope.at.astimezone(zone_of(scope=scope)).date()


def _address(first: date, last: date) -> str:
    asked = urlencode({"first": first.isoformat(), "last": last.isoformat()})
    return f"{reverse('admin:rewards_close_period')}?{asked}"
