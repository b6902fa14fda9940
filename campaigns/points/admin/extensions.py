"""Points extended by hand: the list with the form for many, and a page with what a second person decides."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.jobs.long_selectors import jobs_among
from campaigns.lib.refusals import Refusal
from campaigns.points.admin.adjustments import DecisionForm
from campaigns.points.admin.read_only import ReadPage
from campaigns.points.models import Extension
from campaigns.points.refusals.extensions import ExtensionDays
from campaigns.points.selectors.balances import zone_of
from campaigns.points.selectors.desk import has_wallet, last_moment, names_of
from campaigns.points.selectors.extensions import extensions_within
from campaigns.points.services import extensions
from campaigns.points.verbs import LEAST_REASON
from campaigns.tenants.desk import page_of, scope_of


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The midnight after a local day: when points lapse whose last day it is."""
    return datetime.combine(day + timedelta(days=1), time(), zone)


class DaysForm(forms.Form):
    """Last days on which points are good, both included, and the last day on which they shall be."""

    first = forms.DateField()
    last = forms.DateField()
    until = forms.DateField()
    reason = forms.CharField(required=False, max_length=200)


@admin.register(Extension)
class ExtensionAdmin(ReadPage):
    noun = "points.extension"
    list_display = ("asked_at", "amount", "whose", "branch", "last_day", "state_now", "reason")
    list_display_links = ("asked_at", "amount")
    list_filter = ("state",)
    list_before_template = "points/extensions_head.html"
    change_form_outer_before_template = "points/extension_page.html"

    class Media:
        css = {"all": ("rewards/batch.css", "rewards/quota.css", "rewards/close.css", "jobs/long.css")}
        js = ("jobs/long.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Extension]:
        return extensions_within(scope=scope_of(request))

    @admin.display(description=_("points"), ordering="points")
    def amount(self, made: Extension) -> str:
        return f"{made.points:,}"

    @admin.display(description=_("whose"))
    def whose(self, made: Extension) -> str:
        if made.customer_id is None:
            return gettext("%(many)s customers") % {"many": f"{made.customers:,}"}
        return str(made.customer or "…")

    @admin.display(description=_("good to the end of"), ordering="until")
    def last_day(self, made: Extension) -> Any:
        return last_moment(end=made.until)

    @admin.display(description=_("state"), ordering="state")
    def state_now(self, made: Extension) -> str:
        if made.state == Extension.State.ASKED:
            return format_html('<strong class="rw-red">{}</strong>', made.get_state_display())
        return str(made.get_state_display())

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        acts = {"confirm": self.confirm_view, "decline": self.decline_view, "go_on": self.go_on_view}
        own = [
            path(f"<uuid:extension_id>/{act}/", view(does), name=f"points_extension_{act}")
            for act, does in acts.items()
        ]
        return [
            path("bulk/", view(self.bulk_extend_view), name="points_extension_bulk_extend"),
            *own,
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        more = {"may_add": scope_of(request).may(extensions.ADDS), "least_reason": LEAST_REASON}
        return super().changelist_view(request, {**more, **(extra_context or {})})

    def told(self, request: HttpRequest, obj: Extension) -> dict[str, Any]:
        scope = scope_of(request)
        names = names_of(person_ids=[obj.asked_by_id, obj.decided_by_id])
        is_own = obj.asked_by_id is not None and obj.asked_by_id == scope.person_id
        wallet = ""
        if (
            obj.customer_id
            and scope.may("points.wallet.view")
            and has_wallet(scope=scope, customer_id=obj.customer_id)
        ):
            wallet = page_of(f"points.wallet:{obj.customer_id}")
        jobs = jobs_among(scope=scope, job_ids=[obj.job_id]) if obj.job_id else []
        is_asked = obj.state == Extension.State.ASKED
        return {
            "extension": obj,
            "whose": self.whose(obj),
            "last_day": last_moment(end=obj.until),
            "last_before": last_moment(end=obj.ends_until),
            "first_before": last_moment(end=obj.ends_from),
            "asker": names.get(obj.asked_by_id, ""),
            "decider": names.get(obj.decided_by_id, ""),
            "wallet_page": wallet,
            "movement_page": page_of(f"points.movement:{obj.movement_id}") if obj.movement_id else "",
            "job": jobs[0] if jobs else None,
            "may_decide": is_asked and not is_own and scope.may(extensions.DECIDES),
            "may_go_on": obj.state == Extension.State.AGREED and scope.may(extensions.DECIDES),
            "is_waiting": is_asked,
            "least_reason": LEAST_REASON,
        }

    def bulk_extend_view(self, request: HttpRequest) -> HttpResponse:
        """Of all customers here whose points lapse within these days."""
        scope = scope_of(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not scope.may(extensions.ADDS):
            raise PermissionDenied
        form = DaysForm(request.POST)
        try:
            with transaction.atomic():
                if not form.is_valid():
                    raise ExtensionDays
                given, zone = form.cleaned_data, zone_of(scope=scope)
                made = extensions.ask_extensions(
                    scope=scope,
                    ends_from=end_of(given["first"], zone),
                    # All that lapse at the midnight after the last of these days.
                    ends_until=end_of(given["last"], zone) + timedelta(seconds=1),
                    until=end_of(given["until"], zone),
                    reason=given["reason"],
                )
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:points_extension_changelist")
        messages.success(request, said_of(made))
        return redirect("admin:points_extension_change", made.pk)

    def confirm_view(self, request: HttpRequest, extension_id: UUID) -> HttpResponse:
        return self._decide(request, extension_id, True, gettext("Agreed: the points lapse later."))

    def decline_view(self, request: HttpRequest, extension_id: UUID) -> HttpResponse:
        return self._decide(request, extension_id, False, gettext("Refused: nothing was moved."))

    def go_on_view(self, request: HttpRequest, extension_id: UUID) -> HttpResponse:
        return self._act(
            request,
            extension_id,
            lambda: extensions.go_on_with_extension(scope=scope_of(request), extension_id=extension_id),
            gettext("It goes on; what was done is not done twice."),
        )

    def _decide(self, request: HttpRequest, extension_id: UUID, is_agreed: bool, done: str) -> HttpResponse:
        form = DecisionForm(request.POST)
        remark = form.cleaned_data["remark"] if form.is_valid() else ""
        return self._act(
            request,
            extension_id,
            lambda: extensions.decide_extension(
                scope=scope_of(request), extension_id=extension_id, is_agreed=is_agreed, remark=remark
            ),
            done,
        )


def said_of(made: Extension) -> str:
    """What became of it, right after it was asked for."""
    if made.state == Extension.State.ASKED:
        return gettext("Above what one person may extend alone: another person decides now.")
    if made.state == Extension.State.AGREED:
        return gettext("It is being posted; the figures below show how far it is.")
    return gettext("Extended: the points lapse later.")
