"""The pages of plans: the list, the board, how a plan goes, and applying it to groups."""

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms.widgets import Script
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.refusals import NotFound, Refusal
from campaigns.points.admin.drafts import DraftPage
from campaigns.points.refusals.mall import ReasonMissing
from campaigns.rewards.admin.hand import ReasonForm
from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.desk import scope_of
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from community.groups.selectors import kinds_in_use
from community.plans.admin.plan_form import FIELDSETS, PlanForm
from community.plans.cards import terms_of
from community.plans.models import LivePlan, Plan
from community.plans.rules import known_until
from community.plans.selectors import (
    groups_for_plan,
    plan_in_force,
    plans_in_force,
    preview,
    progress_of,
    runs_by_state,
)
from community.plans.services import plans, runs
from community.plans.services.plans import CODE
from community.plans.words import day_words, end_words

# Beyond this, a choice of branches is a search of its own.
_BRANCHES = 400


class ApplyForm(forms.Form):
    """To which groups, and from when."""

    branch = forms.ModelChoiceField(
        queryset=Branch.objects.none(), required=False, label=_("branch and below")
    )
    kinds = forms.MultipleChoiceField(
        required=False, label=_("kinds of groups"), widget=forms.CheckboxSelectMultiple
    )
    counts = forms.ChoiceField(
        choices=[("day", _("from a date")), ("founded", _("from each group's founding"))],
        initial="day",
        label=_("days count"),
        widget=forms.RadioSelect,
    )
    starts_on = forms.DateField(
        required=False, label=_("day zero"), widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, scope: Scope, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        rows = Branch.objects.filter(pos__range=(scope.lo, scope.hi), is_open=True).order_by("pos")
        self.fields["branch"].queryset = rows  # type: ignore[attr-defined]
        self.fields["branch"].empty_label = gettext("all of mine")  # type: ignore[attr-defined]
        self.fields["kinds"].choices = [(kind.pk, kind.name) for kind in kinds_in_use()]  # type: ignore[attr-defined]
        self.fields["starts_on"].initial = today

    @property
    def given(self) -> dict[str, Any]:
        branch = self.cleaned_data["branch"]
        is_founding = self.cleaned_data["counts"] == "founded"
        return {
            "branch_id": branch.pk if branch else None,
            "kinds": self.cleaned_data["kinds"],
            "starts_on": None if is_founding else self.cleaned_data["starts_on"] or self.today,
            "from_founding": is_founding,
        }


@admin.register(Plan)
class PlanAdmin(DraftPage):
    noun = CODE
    form = PlanForm
    fieldsets = FIELDSETS
    list_display = ("title", "kind", "many_cards", "lasts", "branch", "state")
    list_select_related = ("branch", "kind")
    list_filter = ("kind",)
    search_fields = ("title",)
    list_before_template = "community/plans_head.html"
    change_form_outer_before_template = "community/plan_head.html"

    class Media:
        css = {"all": ("rewards/batch.css", "community/plan.css")}
        js = (Script("community/plan.js", type="module"),)

    @admin.display(description=_("cards"))
    def many_cards(self, plan: Plan) -> int:
        return len(plan.cards)

    @admin.display(description=_("lasts"))
    def lasts(self, plan: Plan) -> str:
        return end_words(terms_of(plan))

    @admin.display(description=_("cards"))
    def board(self, plan: Plan) -> str:
        """For who may only look at the form."""
        return "；".join(f"{day_words(card.day)} {card.title}" for card in terms_of(plan).cards)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        scope = scope_of(request)
        above = plans_in_force(scope=scope).filter(handed_down=True, branch_id__in=scope.ancestors)
        more = {
            "plans_from_above": list(above[:50]),
            "may_apply": scope.may("community.planrun.add"),
            "may_change_here": scope.may("community.plan.change"),
        }
        return super().changelist_view(request, {**(extra_context or {}), **more})

    def save_model(self, request: HttpRequest, obj: Plan, form: Any, change: bool) -> None:
        if change:
            plans.change_plan(scope=scope_of(request), plan_id=obj.pk, terms=form.terms())
        else:
            made = plans.add_plan(scope=scope_of(request), terms=form.terms())
            obj.pk, obj.branch_id, obj.branch_pos = made.pk, made.branch_id, made.branch_pos

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:plan_id>/submit/", view(self.submit_view), name="community_plan_submit"),
            path("<uuid:plan_id>/down/", view(self.down_view), name="community_plan_down"),
            path("<uuid:plan_id>/here/", view(self.here_view), name="community_plan_here"),
            path("<uuid:plan_id>/apply/", view(self.apply_view), name="community_plan_apply"),
        ]
        return [*own, *super().get_urls()]

    def told(self, scope: Scope, draft: Any) -> dict[str, Any]:
        stands = super().told(scope, draft)
        plan_id = draft.original_id or draft.pk
        return stands | {
            "plan": draft,
            "ends": end_words(terms_of(draft)),
            "runs": runs_by_state(scope=scope, plan_id=plan_id),
            "progress": progress_of(scope=scope, plan_id=plan_id),
            "may_apply": scope.may("community.planrun.add")
            and draft.original_id is None
            and stands["standing"].is_live,
            "may_see_runs": scope.may("community.planrun.view"),
        }

    def submit_view(self, request: HttpRequest, plan_id: UUID) -> HttpResponse:
        return self._act(
            request,
            plan_id,
            lambda: plans.submit_plan(scope=scope_of(request), plan_id=plan_id),
            gettext("Submitted. Another person must approve it now."),
        )

    def down_view(self, request: HttpRequest, plan_id: UUID) -> HttpResponse:
        form = ReasonForm(request.POST)

        def down() -> None:
            if not form.is_valid():
                raise ReasonMissing
            plans.take_down_plan(scope=scope_of(request), plan_id=plan_id, reason=form.cleaned_data["reason"])

        said = gettext("Taken down. Nothing more is sent of it, and open tasks were taken back.")
        return self._act(request, plan_id, down, said)

    def here_view(self, request: HttpRequest, plan_id: UUID) -> HttpResponse:
        """What this branch changes of a plan from above: to its draft."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            with transaction.atomic():
                own = plans.change_here(scope=scope_of(request), plan_id=plan_id)
        except NotFound as refusal:
            raise Http404 from refusal
        return HttpResponseRedirect(reverse("admin:community_plan_change", args=[own.pk]))

    def apply_view(self, request: HttpRequest, plan_id: UUID) -> HttpResponse:
        """Which groups, from when, what they get in the first week; then as a long job."""
        scope = scope_of(request)
        if not scope.may("community.planrun.add"):
            raise PermissionDenied
        try:
            live = plan_in_force(scope=scope, plan_id=plan_id)
        except NotFound as refusal:
            raise Http404 from refusal
        zone = zone_of(scope=scope)
        today = scope.at.astimezone(zone).date()
        is_asked = request.method == "POST" or "counts" in request.GET
        form = ApplyForm(
            (request.POST if request.method == "POST" else request.GET) if is_asked else None,
            scope=scope,
            today=today,
        )
        given = form.given if is_asked and form.is_valid() else {"starts_on": today, "from_founding": False}
        if request.method == "POST" and form.is_valid():
            try:
                with transaction.atomic():
                    job = runs.apply_to_groups(scope=scope, plan_id=plan_id, **form.given)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, gettext("Under way: each group is a line of this job."))
                return HttpResponseRedirect(reverse("admin:jobs_job_change", args=[job.pk]))
        return TemplateResponse(
            request, "community/plan_apply.html", self._to_apply(request, live, form, given)
        )

    def _to_apply(self, request: HttpRequest, live: LivePlan, form: ApplyForm, given: Any) -> dict[str, Any]:
        scope = scope_of(request)
        zone = zone_of(scope=scope)
        chosen = groups_for_plan(
            scope=scope, live=live, branch_id=given.get("branch_id"), kinds=given.get("kinds") or []
        )
        terms = terms_of(live)
        zero = given["starts_on"] or form.today
        week = preview(terms=terms, zero=zero, first=zero, zone=str(zone), days=7)
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": gettext("Apply “%(plan)s” to groups") % {"plan": live.title},
            "plan": live,
            "form": form,
            "ends": end_words(terms),
            "many": chosen.count(),
            "groups": chosen[:8],
            "week": week,
            "from_founding": given["from_founding"],
            "for_members": [card for card in terms.cards if card.is_for_members],
            "known_until": known_until(),
            "is_certain": all(day.is_certain for day in week),
        }
