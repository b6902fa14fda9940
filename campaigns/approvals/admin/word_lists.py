"""Word lists: the list as lines, and beside it a text to try it on."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.lists import FIRST_WORDS, LONGEST, read_list
from campaigns.approvals.models import WordList
from campaigns.approvals.selectors import standing_of, standings
from campaigns.approvals.services.word_lists import add_word_list, change_word_list, submit_word_list
from campaigns.approvals.standing import draft_words
from campaigns.approvals.word_lists import said_of, try_list
from campaigns.lib.refs import ref
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import ScopedAdmin, scope_of


class WordListForm(forms.ModelForm):  # type: ignore[type-arg]
    """`seen_at` is the draft as it was opened."""

    seen_at = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = WordList
        fields = ("title", "text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.changed_at:
            self.initial["seen_at"] = self.instance.changed_at.isoformat()
        if "text" in self.fields:
            self.fields["text"].widget.attrs |= {"rows": 26, "spellcheck": "false"}
            self.fields["text"].help_text = _(
                "One rule a line: word | what it offends against | block or warn | what to do instead."
                " “! words” are an exception, “must: class | words” a disclosure, “host: name” a site that links"
                " may lead to, “#” a note."
            )

    def clean_seen_at(self) -> datetime | None:
        try:
            return datetime.fromisoformat(self.cleaned_data["seen_at"])
        except ValueError:
            return None


class TryForm(forms.Form):
    """A list as typed, and a text to try it on."""

    text = forms.CharField(max_length=LONGEST, required=False, strip=False)
    sample = forms.CharField(max_length=20_000, required=False, strip=False)


@admin.register(WordList)
class WordListAdmin(ScopedAdmin):
    noun = "approvals.wordlist"
    form = WordListForm
    list_display = ("title", "branch", "state", "rules", "author_name", "changed_at")
    list_select_related = ("branch",)
    search_fields = ("title",)
    ordering = ("branch_pos", "title")
    change_form_template = "approvals/word_list_form.html"
    change_form_outer_before_template = "approvals/word_list_head.html"
    list_before_template = "approvals/word_lists_head.html"

    class Media:
        css = {"all": ("approvals/review.css", "approvals/findings.css")}

    @admin.display(description=_("state"))
    def state(self, draft: WordList) -> str:
        return draft_words(draft.standing, live=gettext("in force"))  # type: ignore[attr-defined]

    @admin.display(description=_("lines"))
    def rules(self, draft: WordList) -> str:
        return f"{read_list(draft.text)[0].count:,}"

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        rows = list(page.result_list)
        stand = standings(scope=scope_of(request), subjects=[ref(self.noun, row.pk) for row in rows])
        for row in rows:
            row.standing = stand[ref(self.noun, row.pk)]
        page.result_list = rows
        return page

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what was in force stays on record

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "text": FIRST_WORDS.read_text(encoding="utf-8"),
            **super().get_changeform_initial_data(request),
        }

    def save_model(self, request: HttpRequest, obj: WordList, form: Any, change: bool) -> None:
        scope = scope_of(request)
        values = {name: form.cleaned_data[name] for name in ("title", "text")}
        if change:
            seen_at = form.cleaned_data["seen_at"]
            change_word_list(scope=scope, word_list_id=obj.pk, seen_at=seen_at, **values)
        else:
            obj.pk = add_word_list(scope=scope, **values).pk

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("try/", view(self.try_view), name="approvals_wordlist_try"),
            path("<uuid:word_list_id>/submit/", view(self.submit_view), name="approvals_wordlist_submit"),
        ]
        return own + super().get_urls()

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """What the list as typed finds in a text; saves nothing."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = TryForm(request.POST)
        if request.method != "POST" or not form.is_valid():
            return HttpResponse(status=400)
        trial = try_list(**form.cleaned_data)
        return TemplateResponse(request, "approvals/word_list_trial.html", {"trial": trial, "problems": [
            said_of(problem) for problem in trial.problems[:20]
        ]})  # fmt: skip

    def submit_view(self, request: HttpRequest, word_list_id: UUID) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            with transaction.atomic():
                submit_word_list(scope=scope_of(request), word_list_id=word_list_id)
            messages.success(request, gettext("In review now: it holds when somebody else approves it."))
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("admin:approvals_wordlist_change", args=[word_list_id]))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        draft = kwargs.get("obj")
        if draft is not None:
            scope = scope_of(request)
            standing = standing_of(scope=scope, subject=ref(self.noun, draft.pk))
            context |= {
                "draft": draft,
                "standing": standing,
                "standing_words": draft_words(standing, live=gettext("in force")),
                "may_submit": scope.may(f"{self.noun}.submit") and not standing.is_in_review,
            }
        return super().render_change_form(request, context, *args, **kwargs)
