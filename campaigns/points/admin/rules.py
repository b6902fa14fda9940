"""The pages of points rules: the list, the form with its sentence, what came of it, and the trial run."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.refusals import NotFound
from campaigns.points.admin.drafts import DraftPage
from campaigns.points.admin.rule_form import FIELDSETS, RuleForm
from campaigns.points.models import Rule
from campaigns.points.publishing import said
from campaigns.points.rule_terms import terms_of
from campaigns.points.selectors.rules import came_to, names_in, not_all_given, rule_in_scope
from campaigns.points.selectors.trials import Trial, trial_of
from campaigns.points.services.rules import add_rule, change_rule, submit_rule, take_down_rule
from campaigns.points.words import REASONS
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope

DAYS = (7, 30, 90)


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=200)


@admin.register(Rule)
class RuleAdmin(DraftPage):
    noun = "points.rule"
    form = RuleForm
    fieldsets = FIELDSETS
    list_display = ("title", "gives", "branch", "state", "runs_from", "runs_until")
    list_select_related = ("branch",)
    list_filter = ("handed_down",)
    search_fields = ("title",)
    list_before_template = "points/rules_head.html"
    change_form_outer_before_template = "points/rule_head.html"
    change_form_outer_after_template = "points/rule_came.html"

    class Media:
        css = {"all": ("rewards/batch.css", "points/rule.css")}

    @admin.display(description=_("what it gives"))
    def gives(self, rule: Rule) -> str:
        terms = terms_of(rule)
        return said(terms, names_in(terms=terms))

    def save_model(self, request: HttpRequest, obj: Rule, form: Any, change: bool) -> None:
        if change:
            change_rule(scope=scope_of(request), rule_id=obj.pk, terms=form.terms())
        else:
            obj.pk = add_rule(scope=scope_of(request), terms=form.terms()).pk

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:rule_id>/submit/", view(self.submit_view), name="points_rule_submit"),
            path("<uuid:rule_id>/down/", view(self.down_view), name="points_rule_down"),
            path("<uuid:rule_id>/trial/", view(self.trial_view), name="points_rule_trial_run"),
        ]
        return [*own, *super().get_urls()]

    def told(self, scope: Scope, draft: Any) -> dict[str, Any]:
        came = came_to(scope=scope, rule_id=draft.pk)
        return super().told(scope, draft) | {
            "rule": draft,
            "rule_said": self.gives(draft),
            "came": came,
            "reasons": reasons_of(came.refused),
            "not_all": [
                (row, REASONS.get(row.word, row.word)) for row in not_all_given(scope=scope, rule_id=draft.pk)
            ],
        }

    def submit_view(self, request: HttpRequest, rule_id: UUID) -> HttpResponse:
        return self._act(
            request,
            rule_id,
            lambda: submit_rule(scope=scope_of(request), rule_id=rule_id),
            gettext("Submitted. Another person must approve it now."),
        )

    def down_view(self, request: HttpRequest, rule_id: UUID) -> HttpResponse:
        reason = ReasonForm(request.POST)
        words = reason.cleaned_data["reason"] if reason.is_valid() else ""
        return self._act(
            request,
            rule_id,
            lambda: take_down_rule(scope=scope_of(request), rule_id=rule_id, reason=words),
            gettext("Taken down. It answers no further event; points already given stay."),
        )

    def trial_view(self, request: HttpRequest, rule_id: UUID) -> HttpResponse:
        """The draft over what customers did in the last days; writes nothing."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        try:
            rule = rule_in_scope(scope=scope, rule_id=rule_id)
        except NotFound as refusal:
            raise Http404 from refusal
        asked = request.GET.get("days", "")
        days = int(asked) if asked in map(str, DAYS) else 30
        trial = trial_of(scope=scope, rule=rule, days=days)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": gettext("Trial run of “%(title)s”") % {"title": rule.title},
            "rule": rule,
            "rule_said": self.gives(rule),
            "days": days,
            "choices": DAYS,
            "trial": trial,
            "reasons": reasons_of(trial.refused),
            "highest": highest(trial),
            "may_open": scope.may("customers.customer.view"),
        }
        return TemplateResponse(request, "points/rule_trial.html", context)


def reasons_of(refused: Any) -> list[tuple[str, int]]:
    """Why, in words, the most frequent first."""
    most = sorted(refused.items(), key=lambda each: (-each[1], each[0]))
    return [(str(REASONS.get(word, word)), many) for word, many in most]


def highest(trial: Trial) -> int:
    """What a full bar stands for; never 0."""
    return max((max(day.points, day.live) for day in trial.days), default=0) or 1
