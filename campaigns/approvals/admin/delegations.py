"""My deputies: who decides for me while I am away, and for whom I decide."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from campaigns.approvals.admin.people_found import offered
from campaigns.approvals.models import LONGEST_DELEGATION, Delegation
from campaigns.approvals.people import deputies
from campaigns.approvals.selectors import delegations_of
from campaigns.approvals.services.delegations import delegate, end_delegation
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope

_RECENTLY = timedelta(days=90)


class DelegationForm(forms.Form):
    """Whole days, both included, as absences are counted."""

    deputy = forms.UUIDField(
        label=_("deputy"),
        error_messages={"required": _("Choose somebody first."), "invalid": _("Choose somebody first.")},
    )
    first = forms.DateField(label=_("from"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=_("until and with"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(label=_("reason"), max_length=200)

    def window(self, at: datetime) -> tuple[datetime, datetime]:
        """From the first day's beginning, or now on it, until the last one's end."""
        zone = get_current_timezone()
        begins = datetime.combine(self.cleaned_data["first"], time(), zone)
        ends = datetime.combine(self.cleaned_data["last"] + timedelta(days=1), time(), zone)
        return max(begins, at), ends


class DelegationPages:
    """The pages of `RevisionAdmin` for deputies."""

    admin_site: Any
    media: Any

    def get_urls(self) -> list[Any]:
        guard = self.admin_site.admin_view
        own = [
            path("deputies/", guard(self.deputies_view), name="approvals_revision_deputies"),
            path(
                "deputies/people/",
                guard(require_GET(self.deputies_people_view)),
                name="approvals_revision_deputies_people",
            ),
            path(
                "deputies/<uuid:delegation_id>/end/",
                guard(require_POST(self.end_view)),
                name="approvals_revision_end_deputy",
            ),
        ]
        return own + super().get_urls()  # type: ignore[misc]

    def deputies_view(self, request: HttpRequest) -> HttpResponse:
        """All delegations from me and to me; a POST makes one."""
        scope = self._scope(request)
        today = localtime(scope.at).date()
        form = DelegationForm(initial={"first": today, "last": today + timedelta(days=6)})
        refused, status = "", 200
        if request.method == "POST":
            scope.demand("approvals.revision.decide")
            form = DelegationForm(request.POST)
            if form.is_valid():
                try:
                    made = _delegate(scope, form)
                except Refusal as refusal:
                    refused, status = str(refusal), refusal.status
                else:
                    said = gettext("%(who)s reviews for you in these days.") % {"who": made.deputy_name}
                    messages.success(request, said)
                    return HttpResponseRedirect(reverse("admin:approvals_revision_deputies"))
        rows = [
            (each, _when(each, scope.at)) for each in delegations_of(scope=scope, since=scope.at - _RECENTLY)
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("My deputies"),
            "media": self.media,
            "form": form,
            "refused": refused,
            "chosen": form["deputy"].value() or "",
            "may_delegate": scope.may("approvals.revision.decide"),
            "from_me": [row for row in rows if row[0].person_id == scope.person_id],
            "to_me": [row for row in rows if row[0].deputy_id == scope.person_id],
            "longest": LONGEST_DELEGATION.days,
        }
        return TemplateResponse(request, "approvals/deputies.html", context, status=status)

    def deputies_people_view(self, request: HttpRequest) -> JsonResponse:
        """Whom I may ask: &q=what is typed."""
        scope = self._scope(request)
        return JsonResponse(offered(deputies(scope, scope.branch_id), request.GET.get("q", "")))

    def end_view(self, request: HttpRequest, delegation_id: UUID) -> HttpResponse:
        """End one that I gave, or decline one that I was given."""
        made = end_delegation(scope=self._scope(request), delegation_id=delegation_id)
        said = gettext("Ended: %(deputy)s no longer reviews for %(who)s.")
        messages.success(request, said % {"deputy": made.deputy_name, "who": made.person_name})
        return HttpResponseRedirect(reverse("admin:approvals_revision_deputies"))

    def _scope(self, request: HttpRequest) -> Scope:
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        return scope_of(request)


def _delegate(scope: Scope, form: DelegationForm) -> Delegation:
    held_from, held_until = form.window(scope.at)
    with transaction.atomic():
        return delegate(
            scope=scope,
            deputy_id=form.cleaned_data["deputy"],
            held_from=held_from,
            held_until=held_until,
            reason=form.cleaned_data["reason"],
        )


def _when(each: Delegation, at: datetime) -> str:
    """Where it stands: "coming", "running" or "past"."""
    if each.held_until <= at:
        return "past"
    return "running" if each.held_from <= at else "coming"
