"""What I submitted: sent back with the words on top, then what is in review, then what was decided lately."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext

from campaigns.approvals.admin.acts import act
from campaigns.approvals.admin.showing import kind_name, review_url, thing_url
from campaigns.approvals.course import names_words, open_steps_of
from campaigns.approvals.models import Revision, Step
from campaigns.approvals.people import asked
from campaigns.approvals.selectors import ended_for, revision_in_scope, sent_back_to, submitted_by
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope

# As many as anybody reads; the queue's list of everything has the others.
_ROWS = 50
_RECENTLY = timedelta(days=30)


@dataclass(frozen=True)
class Row:
    """One submission, with what its part of the page says of it."""

    revision: Revision
    kind: str
    review_url: str
    thing_url: str
    step: Step | None = None
    waits_for: str = ""
    is_late: bool = False
    words: str = ""
    by: str = ""


class SubmissionPages:
    """The page of `RevisionAdmin` for makers."""

    admin_site: Any
    media: Any

    def get_urls(self) -> list[Any]:
        own = [
            path("mine/", self.admin_site.admin_view(self.submissions_view), name="approvals_revision_mine")
        ]
        return own + super().get_urls()  # type: ignore[misc]

    def submissions_view(self, request: HttpRequest) -> HttpResponse:
        """My submissions; a POST withdraws one of them or reminds those who are asked."""
        scope = scope_of(request)
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        if request.method == "POST":
            return self._do(request, scope)
        rows = list(
            submitted_by(scope=scope).prefetch_related("branch").defer("payload", "facts")[: _ROWS + 1]
        )
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("My submissions"),
            "media": self.media,
            "back": [
                _row(scope, each.revision, words=each.words, by=each.by)
                for each in sent_back_to(scope=scope, limit=_ROWS)
            ],
            "waiting": _waiting(scope, rows[:_ROWS]),
            "has_more": len(rows) > _ROWS,
            "ended": [_row(scope, each) for each in _ended(scope)],
        }
        return TemplateResponse(request, "approvals/submissions.html", context)

    def _do(self, request: HttpRequest, scope: Scope) -> HttpResponse:
        here = HttpResponseRedirect(reverse("admin:approvals_revision_mine"))
        try:
            revision = revision_in_scope(scope=scope, revision_id=_id_of(request))
            messages.success(request, act(scope=scope, revision=revision, posted=request.POST).said)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return here


def _id_of(request: HttpRequest) -> UUID:
    """Which one was meant; a garbled id is one that nothing has."""
    try:
        return UUID(request.POST.get("revision", ""))
    except ValueError:
        raise NotFound from None


def _ended(scope: Scope) -> Iterable[Revision]:
    return ended_for(scope=scope, since=scope.at - _RECENTLY).defer("payload", "facts")[:_ROWS]


def _waiting(scope: Scope, revisions: list[Revision]) -> list[Row]:
    """With the step at which each stands and who is asked there: two queries for all of them."""
    steps = open_steps_of(scope, revisions)
    people = asked(scope, [revision.pk for revision in revisions])
    return [
        _row(
            scope,
            revision,
            step=steps.get(revision.pk),
            waits_for=names_words(list(people.get(revision.pk, {}).values())),
            is_late=revision.due_at < scope.at,
        )
        for revision in revisions
    ]


def _row(scope: Scope, revision: Revision, **more: Any) -> Row:
    return Row(revision, kind_name(revision), review_url(revision.pk), thing_url(scope, revision), **more)
