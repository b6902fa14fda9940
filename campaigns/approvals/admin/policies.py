"""Review policies: the list, the editor with its drawing, and the trial on a past revision."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.admin.policy_form import (
    PolicyForm,
    document_of,
    fields_of,
    person_words,
    read_document,
)
from campaigns.approvals.drawings import drawn_document, drawn_steps
from campaigns.approvals.models import LivePolicy, Policy
from campaigns.approvals.policy_kind import names_of
from campaigns.approvals.policy_selectors import (
    people_who_may_decide,
    policies_from_above,
    policy_in_scope,
    revisions_to_try,
    try_policy,
)
from campaigns.approvals.policy_words import POLICY_KIND, Names, faults, money, sentence_of
from campaigns.approvals.selectors import Standing, standing_of, standings
from campaigns.approvals.services.policies import add_policy, change_policy, submit_policy
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.tenants.desk import ScopedAdmin, scope_of


class TrialForm(forms.Form):
    revision = forms.UUIDField()
    policy = forms.UUIDField(required=False)


def state_of(standing: Standing, live: LivePolicy | None) -> tuple[str, str]:
    """How a policy stands: a tone for the eye and a few words."""
    last = standing.last
    words = []
    if live is not None:
        words.append(gettext("switched off") if live.document.get("off") else gettext("in force"))
    if last is None:
        words.append(gettext("draft"))
    elif not last.is_live:
        words.append(str(last.get_state_display()))
    tone = "open" if last is not None and last.is_open else "live" if live is not None else "none"
    return tone, " · ".join(words)


@admin.register(Policy)
class PolicyAdmin(ScopedAdmin):
    noun = POLICY_KIND
    form = PolicyForm
    fieldsets = ((None, {"fields": ("title", "rank")}),)
    change_form_template = "approvals/policy_form.html"
    change_form_outer_before_template = "approvals/policy_standing.html"
    list_before_template = "approvals/policies_head.html"
    list_display = ("title", "rank", "branch", "sentence", "state", "author_name")
    list_select_related = ("branch", "live")
    search_fields = ("title",)
    ordering = ("branch_pos", "rank", "id")

    class Media:
        css = {"all": ("approvals/review.css", "approvals/policy.css", "approvals/route.css")}

    @admin.display(description=_("what it asks for"))
    def sentence(self, policy: Policy) -> str:
        return sentence_of(policy.document, policy.names)  # type: ignore[attr-defined]

    @admin.display(description=_("state"))
    def state(self, policy: Policy) -> str:
        tone, words = state_of(policy.standing, getattr(policy, "live", None))  # type: ignore[attr-defined]
        return format_html('<span class="po-state po-{}">{}</span>', tone, words)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        rows = list(page.result_list)
        scope = scope_of(request)
        stand = standings(scope=scope, subjects=[ref(self.noun, row.pk) for row in rows])
        names = names_of(scope=scope)
        for row in rows:
            row.standing, row.names = stand[ref(self.noun, row.pk)], names
        page.result_list = rows
        return page

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        above = policies_from_above(scope=scope)
        names = names_of(scope=scope) if above else None
        extra = {
            "above": [(row, sentence_of(row.document, names)) for row in above] if names else [],
        }
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:
        scope = scope_of(request)
        values = {name: form.cleaned_data[name] for name in ("title", "rank", "document")}
        if not change:
            obj.pk = add_policy(scope=scope, **values).pk
            return
        if standing_of(scope=scope, subject=ref(self.noun, obj.pk)).is_in_review:
            messages.warning(
                request,
                gettext("Its review is over, because you edited it: submit it again when it is ready."),
            )
        change_policy(scope=scope, policy_id=obj.pk, seen_at=form.cleaned_data["seen_at"], **values)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("drawing/", view(self.drawing_view), name="approvals_policy_drawing"),
            path("trial/", view(self.trial_view), name="approvals_policy_trial"),
            path("people/", view(self.people_view), name="approvals_policy_people"),
            path("<uuid:thing_id>/submit/", view(self.submit_view), name="approvals_policy_submit"),
        ]
        return own + super().get_urls()

    def submit_view(self, request: HttpRequest, thing_id: UUID) -> HttpResponse:
        """The button of the page; back to the page with what happened."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            with transaction.atomic():
                submit_policy(scope=scope_of(request), policy_id=thing_id)
            messages.success(request, gettext("In review now: it holds when somebody else approves it."))
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("admin:approvals_policy_change", args=[thing_id]))

    def drawing_view(self, request: HttpRequest) -> HttpResponse:
        """The sentence, what is missing and the drawing, of the form as it is typed. Nothing is saved."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        try:
            document = document_of(request.POST, scope)
        except (Refusal, forms.ValidationError) as error:
            said = error.messages if isinstance(error, forms.ValidationError) else [str(error)]
            return TemplateResponse(request, "approvals/policy_drawing.html", {"missing": said})
        names = names_of(scope=scope, document=document)
        return TemplateResponse(request, "approvals/policy_drawing.html", drawing(document, names))

    def trial_view(self, request: HttpRequest) -> HttpResponse:
        """The steps of a past revision, as they are and with the policy as it is typed (or as it is saved)."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        form = TrialForm(request.POST)
        if not form.is_valid():
            raise NotFound
        policy_id = form.cleaned_data["policy"]
        policy = policy_in_scope(scope=scope, policy_id=policy_id) if policy_id else None
        try:
            typed = "step" in request.POST or policy is None
            trial = try_policy(
                scope=scope,
                revision_id=form.cleaned_data["revision"],
                title=request.POST.get("title", ""),
                rank=_rank(request.POST.get("rank", "")) if typed else policy.rank,  # type: ignore[union-attr]
                document=document_of(request.POST, scope) if typed else policy.document,  # type: ignore[union-attr]
                branch_id=policy.branch_id if policy else scope.branch_id,
                policy_id=policy_id,
            )
        except forms.ValidationError as error:
            return TemplateResponse(request, "approvals/policy_trial.html", {"missing": error.messages})
        names = names_of(scope=scope)
        context = {
            "trial": trial,
            "kind_name": names.kinds.get(trial.revision.kind, trial.revision.kind),
            "reward": money(trial.facts.reward_fen),
            "before": drawn_steps(steps=trial.before, names=names, branches=trial.names),
            "after": drawn_steps(steps=trial.after, names=names, branches=trial.names, new="tried"),
            "is_same": trial.is_same,
        }
        return TemplateResponse(request, "approvals/policy_trial.html", context)

    def people_view(self, request: HttpRequest) -> HttpResponse:
        """Who can be named, while one types."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        roles = set(names_of(scope=scope).deciding)
        words = request.GET.get("q", "").strip()[:60].partition(" · ")[0]
        found = people_who_may_decide(scope=scope, roles=roles, words=words)
        return JsonResponse({"people": [person_words(person) for person in found]})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        scope = scope_of(request)
        policy = kwargs.get("obj")
        document = policy.document if policy is not None else None
        typed = read_document(request.POST, scope)[0] if request.method == "POST" else None
        names = names_of(scope=scope, document=document)
        fields = fields_of(document=typed or document, names=names, scope=scope)
        if typed:
            fields["bounds"] = {name: request.POST.get(name, "") for name in fields["bounds"]}
        context |= {
            "fields": fields,
            "tries": revisions_to_try(scope=scope),
            "kind_names": names.kinds,
            "may_edit": self.has_change_permission(request) if policy else self.has_add_permission(request),
        }
        if document is not None:
            context |= drawing(document, names)
        if policy is not None:
            standing = standing_of(scope=scope, subject=ref(self.noun, policy.pk))
            context |= {
                "thing": policy,
                "standing": standing,
                "state_words": state_of(standing, getattr(policy, "live", None))[1],
                "may_submit": scope.may(f"{self.noun}.submit") and not standing.is_in_review,
            }
        return super().render_change_form(request, context, *args, **kwargs)


def drawing(document: dict[str, Any], names: Names) -> dict[str, Any]:
    """What the drawing beside the editor is given."""
    return {
        "sentence": sentence_of(document, names),
        "missing": faults(document, names),
        "steps": drawn_document(document=document, names=names),
    }


def _rank(words: str) -> int:
    return int(words) if words.isdecimal() and len(words) < 5 else 100
