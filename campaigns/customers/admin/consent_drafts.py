"""Drafts of consent texts: written, submitted, approved by somebody else; and the text withdrawn, at once."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.selectors import standing_of, standings
from campaigns.approvals.standing import draft_words
from campaigns.customers.consent_models import ConsentDraft
from campaigns.customers.services.consent_texts import add_draft, change_draft, submit_draft, withdraw
from campaigns.lib.forms import ServiceForm
from campaigns.lib.refs import ref
from campaigns.tenants.desk import ScopedAdmin, scope_of


class DraftForm(ServiceForm):
    class Meta:
        model = ConsentDraft
        fields = ("purpose", "title", "title_en", "text", "text_en", "valid_from", "asks_again")


@admin.register(ConsentDraft)
class ConsentDraftAdmin(ScopedAdmin):
    """One draft for each purpose, at head office."""

    noun = "customers.consentdraft"
    form = DraftForm
    list_display = ("title", "purpose", "state", "author_name", "changed_at")
    ordering = ("purpose",)
    fieldsets = (
        (None, {"fields": ("purpose", "title", "title_en", "text", "text_en")}),
        (_("Validity"), {"fields": ("valid_from", "asks_again")}),
    )
    list_before_template = "customers/consent_drafts_head.html"
    change_form_outer_before_template = "customers/consent_draft_head.html"

    class Media:
        css = {"all": ("approvals/review.css", "customers/customer.css")}

    def _may(self, request: HttpRequest, verb: str) -> bool:
        scope = getattr(request, "scope", None)
        return bool(scope and not scope.ancestors and super()._may(request, verb))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what was asked for stays on record

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("purpose",) if obj else ()

    @admin.display(description=_("state"))
    def state(self, draft: Any) -> str:
        return draft_words(draft.standing, live=gettext("published"))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """How they stand is asked once for the page."""
        page = super().get_changelist_instance(request)
        rows = list(page.result_list)
        stand = standings(scope=scope_of(request), subjects=[ref(self.noun, row.pk) for row in rows])
        for row in rows:
            row.standing = stand[ref(self.noun, row.pk)]
        page.result_list = rows
        return page

    def save_model(self, request: HttpRequest, obj: ConsentDraft, form: Any, change: bool) -> None:
        scope = scope_of(request)
        values = {name: form.cleaned_data[name] for name in form.fields}
        if change:
            change_draft(scope=scope, draft_id=obj.pk, **values)
        else:
            obj.pk = add_draft(scope=scope, **values).pk

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:draft_id>/submit/", view(self.submit_view), name="customers_consentdraft_submit"),
            path("<uuid:draft_id>/down/", view(self.down_view), name="customers_consentdraft_down"),
        ]
        return own + super().get_urls()

    def submit_view(self, request: HttpRequest, draft_id: UUID) -> HttpResponse:
        return self._act(
            request,
            draft_id,
            lambda: submit_draft(scope=scope_of(request), draft_id=draft_id),
            gettext("In review now: it is published when somebody else approves it."),
        )

    def down_view(self, request: HttpRequest, draft_id: UUID) -> HttpResponse:
        return self._act(
            request,
            draft_id,
            lambda: withdraw(
                scope=scope_of(request), draft_id=draft_id, reason=request.POST.get("reason", "")
            ),
            gettext("Withdrawn: nobody can agree to it until another version is approved."),
        )

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        draft = kwargs.get("obj")
        if draft is not None:
            scope = scope_of(request)
            standing = standing_of(scope=scope, subject=ref(self.noun, draft.pk))
            context |= {
                "draft": draft,
                "standing": standing,
                "standing_words": draft_words(standing, live=gettext("published")),
                "may_submit": scope.may(f"{self.noun}.submit") and not standing.is_in_review,
                "may_withdraw": scope.may(f"{self.noun}.take_down"),
            }
        return super().render_change_form(request, context, *args, **kwargs)
