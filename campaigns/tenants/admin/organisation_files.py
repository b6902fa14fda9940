"""The organisation file in four steps: the file, its columns, the verdicts, and applying it, with a day to undo."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import ScopedAdmin, scope_of
from campaigns.tenants.models import Branch, OrganisationFile
from campaigns.tenants.organisation import words
from campaigns.tenants.organisation.columns import FIELDS, NEEDED
from campaigns.tenants.organisation.refusals import MAX_BYTES, FileTooLarge
from campaigns.tenants.organisation.reviews import Review, grid_of, review_of
from campaigns.tenants.organisation.rows import Reason
from campaigns.tenants.organisation.verdicts import Kind
from campaigns.tenants.services.organisation_files import MAY, choose_columns, choose_missing, load_file
from campaigns.tenants.services.organisation_jobs import is_stopped, start_apply, start_undo
from campaigns.tenants.services.organisation_trees import UNDO_FOR

State, Job = OrganisationFile.State, OrganisationFile.Job
_PAGE = 100  # rows of verdicts on a page
_SAMPLE = 8  # rows of the file beside the choice of columns
_PACKED = ("original", "grid", "before")


@admin.register(OrganisationFile)
class OrganisationFileAdmin(ScopedAdmin):
    """Files that were loaded, newest first; each opens at the step where it stands."""

    noun = "tenants.organisationfile"
    list_display = ("name", "branch", "loaded_at", "loaded_by", "rows", "state_words", "outcome")
    list_filter = ("state",)
    search_fields = ("name",)
    list_select_related = ("branch",)
    ordering = ("-id",)

    class Media:
        css = {"all": ("tenants/organisation.css",)}
        js = ("tenants/organisation.js",)

    def _may(self, request: HttpRequest, verb: str) -> bool:
        scope = getattr(request, "scope", None)
        return bool(scope is not None and scope.may(MAY))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return (
            rows
            if request.resolver_match and "object_id" in request.resolver_match.kwargs
            else rows.defer(*_PACKED)
        )

    @display(description=_("state"), ordering="state")
    def state_words(self, file: OrganisationFile) -> str:
        return str(file.get_state_display())

    @display(description=_("verdicts"))
    def outcome(self, file: OrganisationFile) -> str:
        told = [f"{words.KINDS[kind]} {n:,}" for kind in Kind if (n := file.counts.get(kind))]
        return " · ".join(told) or "–"

    def get_urls(self) -> list[Any]:
        def own(step: str, view: Callable[..., HttpResponse]) -> Any:
            return path(
                f"<uuid:object_id>/{step}/",
                self.admin_site.admin_view(view),
                name=f"tenants_organisationfile_{step}",
            )

        return [
            own("columns", self.columns_view),
            own("missing", self.missing_view),
            own("apply", self.apply_view),
            own("undo", self.undo_view),
            own("progress", self.progress_view),
            *super().get_urls(),
        ]

    # --- step 1: the file ---------------------------------------------------------------------------------

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        refused = ""
        if request.method == "POST":
            chosen = request.FILES.get("file")
            try:
                if chosen is None:
                    refused = str(_("Choose a file."))
                elif (chosen.size or 0) > MAX_BYTES:
                    raise FileTooLarge
                else:
                    with transaction.atomic():
                        file = load_file(
                            scope=scope_of(request), name=chosen.name or "", raw=chosen.read(MAX_BYTES + 1)
                        )
                    return redirect("admin:tenants_organisationfile_columns", file.pk)
            except Refusal as refusal:
                refused = str(refusal)
        last = OrganisationFile.objects.within(scope_of(request)).defer(*_PACKED).select_related("branch")[:5]
        return self._page(request, "load", step=1, refused=refused, last=last)

    # --- step 2: its columns ------------------------------------------------------------------------------

    def columns_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        file = self._file(request, object_id)
        if file is None:
            return self._absent(request, object_id)
        refused, columns = "", dict(file.columns)
        if request.method == "POST":
            columns = {f: int(c) for f in FIELDS if (c := request.POST.get(f"column_{f}", "")).isdecimal()}
            try:
                with transaction.atomic():
                    choose_columns(scope=scope_of(request), file_id=file.pk, columns=columns)
                return self._back(file)
            except Refusal as refusal:
                refused = str(refusal)
        elif file.state != State.DRAFT:
            return self._back(file)
        grid = grid_of(file=file)
        sample = grid[file.headings : file.headings + 1 + _SAMPLE]
        wide = max(len(cells) for _line, cells in sample)
        fields = [
            {"name": f, "words": words.FIELDS[f], "is_needed": f in NEEDED, "column": columns.get(f)}
            for f in FIELDS
        ]
        return self._page(
            request,
            "columns",
            step=2,
            file=file,
            refused=refused,
            fields=fields,
            headings=[*enumerate((sample[0][1] + [""] * wide)[:wide])],
            chosen=set(columns.values()),
            sample=[(line, (cells + [""] * wide)[:wide]) for line, cells in sample[1:]],
        )

    # --- step 3: verdicts ---------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        file = self._file(request, object_id)
        if file is None:
            return self._absent(request, object_id)
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        stopped = is_stopped(file=file, at=scope_of(request).at)
        if file.state == State.DRAFT or (stopped and file.job == Job.APPLY):
            if not file.are_columns_chosen:
                return redirect("admin:tenants_organisationfile_columns", file.pk)
            return self._verdicts(request, file, stopped)
        if file.state in {State.WAITING, State.RUNNING} and not stopped:
            return self._page(request, "running", step=4, file=file, **_progress(file))
        return self._page(request, "outcome", step=4, file=file, stopped=stopped, **_outcome(request, file))

    def _verdicts(self, request: HttpRequest, file: OrganisationFile, stopped: bool) -> HttpResponse:
        review = review_of(scope=scope_of(request), file=file)
        chosen = request.GET.get("verdict", "")
        shown = [
            v for v in review.verdicts if chosen in {"all", v.kind} or (not chosen and v.kind != Kind.SAME)
        ]
        page = Paginator(shown, _PAGE).get_page(request.GET.get("p"))
        names = {code: stand.name for code, stand in review.ground.known.items()}
        names |= {v.code: v.name for v in review.verdicts if v.kind is Kind.NEW}
        return self._page(
            request,
            "verdicts",
            step=3,
            file=file,
            stopped=stopped,
            review=review,
            why_not=_why_not(file),
            chosen=chosen,
            kinds=_chips(review),
            page=page,
            rows=[_row(v, names) for v in page],
        )

    def missing_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        asked = request.POST.get("close_missing") == "on"
        return self._act(
            request,
            object_id,
            lambda: choose_missing(scope=scope_of(request), file_id=object_id, close_missing=asked),
        )

    # --- step 4: apply, watch, undo -----------------------------------------------------------------------

    def apply_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        seen = request.POST.get("fingerprint", "")
        return self._act(
            request,
            object_id,
            lambda: start_apply(scope=scope_of(request), file_id=object_id, fingerprint=seen),
        )

    def undo_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        return self._act(request, object_id, lambda: start_undo(scope=scope_of(request), file_id=object_id))

    def progress_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """How far the worker is, for the page that waits."""
        file = self._file(request, object_id)
        if file is None:
            return self._absent(request, object_id)
        told = _progress(file)
        is_over = file.state not in {State.WAITING, State.RUNNING} or is_stopped(
            file=file, at=scope_of(request).at
        )
        return JsonResponse({**told, "step_words": str(told["step_words"]), "is_over": is_over})

    def _act(self, request: HttpRequest, object_id: UUID, act: Callable[[], Any]) -> HttpResponse:
        """One service call by a button; its refusal is a message above the step where the file stands."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        file = self._file(request, object_id)
        if file is None:
            return self._absent(request, object_id)
        try:
            with transaction.atomic():
                act()
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return self._back(file)

    def _file(self, request: HttpRequest, object_id: UUID | str) -> OrganisationFile | None:
        if not self.has_view_permission(request):
            raise PermissionDenied
        file: OrganisationFile | None = self.get_object(request, str(object_id))
        return file

    def _absent(self, request: HttpRequest, object_id: UUID | str) -> HttpResponse:
        return self._get_obj_does_not_exist_redirect(request, self.opts, str(object_id))  # type: ignore[attr-defined, no-any-return]

    def _back(self, file: OrganisationFile) -> HttpResponse:
        return redirect(reverse("admin:tenants_organisationfile_change", args=[file.pk]))

    def _page(self, request: HttpRequest, name: str, **more: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Load an organisation file"),
            "opts": self.opts,
            "media": self.media,
            "steps": [_("File"), _("Columns"), _("Verdicts"), _("Apply")],
            **more,
        }
        return TemplateResponse(request, f"admin/tenants/organisation/{name}.html", context)


def _chips(review: Review) -> list[dict[str, Any]]:
    return [
        {"kind": str(kind), "words": words.KINDS[kind], "count": review.counts.get(kind, 0)} for kind in Kind
    ]


def _row(verdict: Any, names: dict[str, str]) -> dict[str, Any]:
    return {
        "line": verdict.line or "–",
        "code": verdict.code,
        "name": verdict.name,
        "parent": names.get(verdict.parent, ""),
        "parent_code": verdict.parent,
        "level": Branch.Level(verdict.level).label if verdict.level else "",
        "kind": str(verdict.kind),
        "words": words.KINDS[verdict.kind],
        "changes": words.change_words(verdict, names),
        "reason": words.reason_words(verdict.reason) if verdict.reason else "",
    }


def _progress(file: OrganisationFile) -> dict[str, Any]:
    return {
        "done": file.done,
        "total": file.total,
        "step_words": words.STEPS.get(file.step, file.step),
        "is_undo": file.job == Job.UNDO,
    }


def _why_not(file: OrganisationFile) -> str:
    """What stopped the worker's last run, in the reader's language."""
    return str(file.why_not.get("zh" if (get_language() or "zh").startswith("zh") else "en", ""))


def _outcome(request: HttpRequest, file: OrganisationFile) -> dict[str, Any]:
    at = scope_of(request).at
    until = file.applied_at + UNDO_FOR if file.applied_at else None
    return {
        "kinds": [
            {"words": words.KINDS[kind], "count": file.counts.get(kind, 0), "kind": kind} for kind in Kind
        ],
        "undo_until": until if until and until > at and file.state != State.UNDONE else None,
        "why_not": _why_not(file),
        "rows": [
            {"line": line, "code": code, "name": name, "reason": words.reason_words(Reason(why, values))}
            for line, code, name, why, values in file.refused
        ],
    }
