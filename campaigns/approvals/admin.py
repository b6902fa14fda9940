"""The review queue and the review page."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin

from campaigns.approvals import rules
from campaigns.approvals.admin_bulk import BulkApproval
from campaigns.approvals.kinds import Description, kind_of
from campaigns.approvals.models import Revision
from campaigns.approvals.selectors import (
    decisions_of,
    live_revision_of,
    neighbours_in_queue,
    queue,
    queue_figures,
    revision_in_scope,
)
from campaigns.approvals.services.reviews import (
    approve_revision,
    reject_revision,
    send_back_revision,
    withdraw_revision,
)
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.tenants.desk import ScopedAdmin, scope_of
from campaigns.tenants.scopes import Scope, current_scope

Decide = Callable[..., Revision]

# verdict -> the service and what is said after it
_VERDICTS: dict[str, tuple[Decide, str]] = {
    "approve": (approve_revision, gettext_noop("“%(title)s” is approved and live from its time on.")),
    "send_back": (send_back_revision, gettext_noop("“%(title)s” went back to %(author)s with your words.")),
    "reject": (reject_revision, gettext_noop("“%(title)s” is rejected.")),
}


class DecisionForm(forms.Form):
    verdict = forms.ChoiceField(choices=[(code, code) for code in (*_VERDICTS, "withdraw")])
    sha256 = forms.RegexField(r"^[0-9a-f]{64}$")
    comment = forms.CharField(max_length=2000, required=False)


class StateFilter(admin.SimpleListFilter):
    """The queue first; everything else by choice."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("all", _("All")),
            *((s.value, s.label) for s in Revision.State if s != Revision.State.SUBMITTED),
        ]

    def choices(self, changelist: Any) -> Any:
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": Revision.State.SUBMITTED.label,
        }
        yield from list(super().choices(changelist))[1:]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value() or Revision.State.SUBMITTED)


@admin.register(Revision)
class RevisionAdmin(BulkApproval, ScopedAdmin):
    """Only views and decides: a revision is never edited."""

    noun = "approvals.revision"
    list_display = ("title", "kind_name", "number", "branch", "author_name", "submitted_at", "due", "state")
    list_filter = (StateFilter,)
    list_select_related = ("branch",)
    search_fields = ("title", "author_name")
    ordering = ("due_at", "id")
    list_before_template = "approvals/queue_head.html"

    @admin.display(description=_("kind"), ordering="kind")
    def kind_name(self, revision: Revision) -> str:
        return _kind_name(revision)

    @admin.display(description=_("due"), ordering="due_at")
    def due(self, revision: Revision) -> str:
        said = date_format(localtime(revision.due_at), "SHORT_DATETIME_FORMAT")
        scope = current_scope()
        if scope is not None and revision.is_open and revision.due_at < scope.at:
            return format_html('<strong class="ap-late">{} · {}</strong>', said, gettext("overdue"))
        return said

    class Media:
        css = {"all": ("approvals/review.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("payload")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        scope = scope_of(request)
        first = queue(scope=scope).values_list("pk", flat=True).first()
        extra = {
            "figures": queue_figures(scope=scope),
            "first": first,
            "may_decide": scope.may("approvals.revision.decide"),
            "title": gettext("Review queue"),
        }
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def get_urls(self) -> list[Any]:
        own = [
            path(
                "<uuid:revision_id>/phone/<str:which>/",
                self.admin_site.admin_view(xframe_options_sameorigin(self.phone_view)),
                name="approvals_revision_phone",
            ),
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """The review page; a POST is one decision, and opens the next one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        try:
            revision = revision_in_scope(scope=scope, revision_id=UUID(object_id))
        except (NotFound, ValueError):
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        if request.method == "POST":
            return self._decide(request, scope, revision)
        return TemplateResponse(
            request, "approvals/review.html", self._page(request, scope, revision) | (extra_context or {})
        )

    def _decide(self, request: HttpRequest, scope: Scope, revision: Revision) -> HttpResponse:
        here = HttpResponseRedirect(reverse("admin:approvals_revision_change", args=[revision.pk]))
        form = DecisionForm(request.POST)
        if not form.is_valid():
            words = gettext("Nothing was decided: choose a verdict; words have at most 2,000 characters.")
            messages.error(request, words)
            return here
        verdict, sha256, comment = (form.cleaned_data[name] for name in ("verdict", "sha256", "comment"))
        _before, after = neighbours_in_queue(scope=scope, revision_id=revision.pk)
        try:
            with transaction.atomic():
                if verdict == "withdraw":
                    withdraw_revision(scope=scope, revision_id=revision.pk)
                    said = gettext("“%(title)s” is withdrawn; you can go on editing it.")
                else:
                    decide, said = _VERDICTS[verdict]
                    decide(scope=scope, revision_id=revision.pk, sha256=sha256, comment=comment)
                    said = gettext(said)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return here
        messages.success(request, said % {"title": revision.title, "author": revision.author_name})
        if verdict == "withdraw":
            return here
        following = after or queue(scope=scope).values_list("pk", flat=True).first()
        if following is None:
            messages.info(request, gettext("The queue is empty: that was the last one."))
            return HttpResponseRedirect(reverse("admin:approvals_revision_changelist"))
        return HttpResponseRedirect(reverse("admin:approvals_revision_change", args=[following]))

    def _page(self, request: HttpRequest, scope: Scope, revision: Revision) -> dict[str, Any]:
        live = live_revision_of(scope=scope, subject=revision.subject)
        if live is not None and live.pk == revision.pk:
            live = None
        new = _describe(scope, revision)
        old = _describe(scope, live) if live else None
        changed = rules.changes(old=old.lines if old else [], new=new.lines)
        touched = {change.new.key for change in changed if change.new}
        before, after = neighbours_in_queue(scope=scope, revision_id=revision.pk)
        is_maker = revision.is_by(scope.person_id)
        may_decide = scope.may("approvals.revision.decide")
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": revision.title,
            "media": self.media,
            "revision": revision,
            "kind_name": _kind_name(revision),
            "live": live,
            "changes": changed,
            "same": [line for line in new.lines if line.key not in touched],
            "decisions": list(decisions_of(scope=scope, subject=revision.subject)),
            "previous": before,
            "next": after,
            "is_overdue": revision.is_open and revision.due_at < scope.at,
            "is_maker": is_maker,
            "may_decide": may_decide and revision.is_open and not is_maker,
            "lacks_right": revision.is_open and not is_maker and not may_decide,
            "may_withdraw": revision.is_open and is_maker and scope.may("approvals.revision.withdraw"),
            "thing_url": _thing_url(revision.subject) if scope.may(f"{revision.kind}.view") else "",
        }

    def phone_view(self, request: HttpRequest, revision_id: UUID, which: str) -> HttpResponse:
        """What customers would see (`new`) or see now (`live`), for a frame of a phone's width."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        revision = revision_in_scope(scope=scope, revision_id=revision_id)
        if which == "live":
            shown = live_revision_of(scope=scope, subject=revision.subject)
            if shown is None:
                raise NotFound
            revision = shown
        described = _describe(scope, revision)
        screen = render_to_string(described.template, dict(described.context), request)
        return TemplateResponse(
            request, "approvals/phone.html", {"screen": screen, "styles": described.styles}
        )


def _describe(scope: Scope, revision: Revision) -> Description:
    return kind_of(revision.kind).describe(scope, revision.payload)


def _kind_name(revision: Revision) -> str:
    return str(kind_of(revision.kind).label)


def _thing_url(subject: str) -> str:
    kind, _colon, key = subject.partition(":")
    return reverse("admin:{}_{}_change".format(*kind.split(".")), args=[key])
