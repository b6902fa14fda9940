"""Pages of the record: every revision of a thing, any two side by side, back to an older one, the evidence sheet.

A part of `RevisionAdmin` (reviews.py), which the theme and Django know as one page.
"""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext

from campaigns.approvals import rules
from campaigns.approvals.admin.showing import thing_url
from campaigns.approvals.evidence.as_json import json_sheet
from campaigns.approvals.evidence.collecting import TAKEN
from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import Revision
from campaigns.approvals.selectors import decisions_of, revision_in_scope, revisions_of
from campaigns.approvals.services.evidence import take_evidence
from campaigns.approvals.services.restoring import restore_revision
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.tenants.desk import ScopedAdmin, scope_of
from campaigns.tenants.scopes import Scope

_SHOWN = 30
_TYPES = {"pdf": "application/pdf", "json": "application/json"}
_PDF = "campaigns.approvals.evidence.as_pdf.pdf_sheet"


class ChosenTwo(forms.Form):
    old = forms.UUIDField()
    new = forms.UUIDField()


class RecordPages(ScopedAdmin):
    """What is added to the pages of a revision."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path(
                "<uuid:revision_id>/versions/", view(self.versions_view), name="approvals_revision_versions"
            ),
            path(
                "<uuid:revision_id>/against/<uuid:other_id>/",
                view(self.against_view),
                name="approvals_revision_against",
            ),
            path("<uuid:revision_id>/restore/", view(self.restore_view), name="approvals_revision_restore"),
            path(
                "<uuid:revision_id>/evidence/", view(self.evidence_view), name="approvals_revision_evidence"
            ),
        ]
        urls: list[Any] = own + super().get_urls()
        return urls

    def versions_view(self, request: HttpRequest, revision_id: UUID) -> HttpResponse:
        """Every revision of the thing, the newest first; two chosen ones lead to their comparison."""
        scope, revision = self._seen(request, revision_id)
        chosen = ChosenTwo(request.GET)
        if chosen.is_valid():
            two = [chosen.cleaned_data["old"], chosen.cleaned_data["new"]]
            if two[0] != two[1]:
                return HttpResponseRedirect(reverse("admin:approvals_revision_against", args=two))
            messages.info(request, gettext("Choose two different revisions."))
        asked = request.GET.get("p", "")
        at = (int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0) * _SHOWN
        found = list(revisions_of(scope=scope, subject=revision.subject)[at : at + _SHOWN + 1])
        decided: dict[UUID, list[Any]] = {}
        for decision in decisions_of(scope=scope, subject=revision.subject).filter(revision__in=found):
            decided.setdefault(decision.revision_id, []).append(decision)
        # The newest against what is live, or against the one before.
        beside = next(
            (each for each in found[1:_SHOWN] if each.is_live), found[1] if len(found) > 1 else None
        )
        rows = [
            {
                "revision": each,
                "decisions": decided.get(each.pk, []),
                "is_new": nth == 0,
                "is_old": each == beside,
            }
            for nth, each in enumerate(found[:_SHOWN])
        ]
        kind = kind_of(revision.kind)
        context = {
            **self._context(request, revision),
            "title": gettext("All revisions"),
            "rows": rows,
            "revision": revision,
            "next_page": at // _SHOWN + 1 if len(found) > _SHOWN else None,
            "may_restore": kind.restore is not None and scope.may(f"{kind.code}.change"),
            "may_take_evidence": scope.may(TAKEN),
        }
        return TemplateResponse(request, "approvals/versions.html", context)

    def against_view(self, request: HttpRequest, revision_id: UUID, other_id: UUID) -> HttpResponse:
        """What differs from one revision to the other of the same thing."""
        scope, old = self._seen(request, revision_id)
        new = revision_in_scope(scope=scope, revision_id=other_id)
        if new.subject != old.subject:
            raise NotFound
        before, after = (kind_of(each.kind).describe(scope, each.payload).lines for each in (old, new))
        changed = rules.changes(old=before, new=after)
        touched = {change.new.key for change in changed if change.new}
        context = {
            **self._context(request, new),
            "title": gettext("Compare revisions"),
            "old": old,
            "new": new,
            "pair": [old, new],
            "changes": changed,
            "same": [line for line in after if line.key not in touched],
        }
        return TemplateResponse(request, "approvals/against.html", context)

    def restore_view(self, request: HttpRequest, revision_id: UUID) -> HttpResponse:
        """One service call; to the draft with what happened."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        scope, revision = self._seen(request, revision_id)
        try:
            with transaction.atomic():
                restore_revision(scope=scope, revision_id=revision_id)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:approvals_revision_versions", args=[revision_id]))
        said = gettext("The draft is as revision %(n)s was. Look at it, then submit it for review.")
        messages.success(request, said % {"n": revision.number})
        return HttpResponseRedirect(thing_url(scope, revision))

    def evidence_view(self, request: HttpRequest, revision_id: UUID) -> HttpResponse:
        """The sheet as a file: `form` is "pdf" or "json". A deed, and so no GET."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        scope, revision = self._seen(request, revision_id)
        form = "json" if request.POST.get("form") == "json" else "pdf"
        evidence = take_evidence(scope=scope, revision_id=revision_id, form=form)
        zone = ZoneInfo(revision.branch.zone)
        # Half a second of code for fonts, which every process would wait for at its start: loaded when asked for.
        body = json_sheet(evidence) if form == "json" else import_string(_PDF)(evidence, zone=zone)
        name = f"evidence-{evidence.number}.{form}"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        }
        return HttpResponse(body, content_type=_TYPES[form], headers=headers)

    def _seen(self, request: HttpRequest, revision_id: UUID) -> tuple[Scope, Revision]:
        """The revision, for who may look at reviews. Raises NotFound for a foreign and an absent one alike."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        return scope, revision_in_scope(scope=scope, revision_id=revision_id)

    def _context(self, request: HttpRequest, revision: Revision) -> dict[str, Any]:
        scope = scope_of(request)
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "kind_name": str(kind_of(revision.kind).label),
            "thing_url": thing_url(scope, revision) if scope.may(f"{revision.kind}.view") else "",
        }
