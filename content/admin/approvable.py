"""What the pages of items and placements share: state, submit, take down."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language, gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from campaigns.approvals.rules import NotCompliant
from campaigns.approvals.selectors import Standing, standing_of, standings
from campaigns.approvals.standing import standing_words
from campaigns.approvals.stopped import stop_over
from campaigns.lib.clock import FOREVER
from campaigns.lib.refs import ref
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import ScopedAdmin, each, scope_of


def words_of(standing: Standing) -> str:
    """How a thing stands, in a few words: "draft", "live · in review"."""
    if standing.last is None:
        return gettext("draft")
    return standing_words(last=standing.last, is_live=standing.is_live, scheduled=standing.scheduled)


class WindowForm(forms.ModelForm):  # type: ignore[type-arg]
    """Shown from when until when; no end means an open one. `seen_at` is the draft as it was opened."""

    seen_at = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "shown_until" in self.fields:
            self.fields["shown_until"].required = False
            self.fields["shown_until"].help_text = _("Empty: until it is taken down.")
            if self.instance.shown_until >= FOREVER:
                self.initial["shown_until"] = None
        if self.instance.changed_at:
            self.initial["seen_at"] = self.instance.changed_at.isoformat()

    def clean_shown_until(self) -> datetime:
        return self.cleaned_data["shown_until"] or FOREVER

    def clean_seen_at(self) -> datetime | None:
        try:
            return datetime.fromisoformat(self.cleaned_data["seen_at"])
        except ValueError:
            return None

    def _get_validation_exclusions(self) -> set[str]:
        # The model's constraint would answer by its own name; the service refuses in better words.
        return {*super()._get_validation_exclusions(), "shown_from", "shown_until"}  # type: ignore[misc]


class TakeDownForm(forms.Form):
    reason = forms.CharField(max_length=500)


class ApprovableAdmin(ScopedAdmin):
    """A page of drafts that go live through review. `submits` and `takes_down` are the services."""

    submits: ClassVar[Callable[..., Any]]
    takes_down: ClassVar[Callable[..., Any]]
    key: ClassVar[str]  # the services' parameter: "item_id"
    # line of the description -> field of the form, where a finding in it is mended
    places: ClassVar[dict[str, str]] = {}
    actions = ("submit_chosen",)  # type: ignore[assignment]
    change_form_outer_before_template = "content/standing.html"

    @property
    def slug(self) -> str:
        return self.noun.replace(".", "_")

    @action(description=_("Submit for review"))
    def submit_chosen(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        scope = scope_of(request)
        each(
            request,
            queryset,
            lambda thing: type(self).submits(scope=scope, **{self.key: thing.pk}),
            ngettext_lazy(
                "%(count)s draft is in review now.", "%(count)s drafts are in review now.", "count"
            ),
        )

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        rows = list(page.result_list)
        stand = standings(scope=scope_of(request), subjects=[ref(self.noun, row.pk) for row in rows])
        for row in rows:
            row.standing = stand[ref(self.noun, row.pk)]
        page.result_list = rows
        return page

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:thing_id>/submit/", view(self.submit_view), name=f"{self.slug}_submit"),
            path("<uuid:thing_id>/down/", view(self.down_view), name=f"{self.slug}_down"),
        ]
        return own + super().get_urls()

    def submit_view(self, request: HttpRequest, thing_id: UUID) -> HttpResponse:
        return self._act(
            request,
            thing_id,
            lambda: type(self).submits(scope=scope_of(request), **{self.key: thing_id}),
            gettext("In review now: it goes live when somebody else approves it."),
        )

    def down_view(self, request: HttpRequest, thing_id: UUID) -> HttpResponse:
        form = TakeDownForm(request.POST)
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        return self._act(
            request,
            thing_id,
            lambda: type(self).takes_down(scope=scope_of(request), reason=reason, **{self.key: thing_id}),
            gettext("Taken down: customers no longer see it. Going live again needs a review."),
        )

    def said_of(self, refusal: Refusal) -> str:
        return self._with_places(refusal) if isinstance(refusal, NotCompliant) else super().said_of(refusal)

    def place_of(self, line: str) -> str:
        """The field of the form in which what is said of a line of the description is mended."""
        return self.places.get(line, line)

    def _with_places(self, refusal: NotCompliant) -> str:
        """What was found, each a link to the field in which it stands."""
        language = "said_zh" if (get_language() or "zh").startswith("zh") else "said_en"
        links = format_html_join(
            "",
            '<li><a href="#id_{}" data-jump="{}" data-words="{}">{}</a></li>',
            (
                (field, field, found["excerpt"], found[language])
                for found in refusal.values["findings"]
                for field in [self.place_of(found["line"])]
            ),
        )
        said = gettext("The compliance check stopped it; nothing was submitted. Correct this:")
        return format_html('{}<ul class="ct-found">{}</ul>', said, links)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        thing = kwargs.get("obj")
        if thing is not None:
            scope = scope_of(request)
            standing = standing_of(scope=scope, subject=ref(self.noun, thing.pk))
            context |= {
                "thing": thing,
                "stop": stop_over(
                    scope=scope,
                    kind=self.noun,
                    branch_id=thing.branch_id,
                    campaign_id=getattr(thing, "campaign_id", None),
                ),
                "standing": standing,
                "standing_words": words_of(standing),
                "may_submit": scope.may(f"{self.noun}.submit") and not standing.is_in_review,
                "may_take_down": scope.may(f"{self.noun}.take_down")
                and (standing.is_live or standing.scheduled is not None),
                "submit_url": reverse(f"admin:{self.slug}_submit", args=[thing.pk]),
                "down_url": reverse(f"admin:{self.slug}_down", args=[thing.pk]),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def warn_of_void_review(self, request: HttpRequest, thing_id: UUID) -> None:
        """Say that saving ends the open review; called before the service."""
        if standing_of(scope=scope_of(request), subject=ref(self.noun, thing_id)).is_in_review:
            messages.warning(
                request,
                gettext("Its review is over, because you edited it: submit it again when it is ready."),
            )
