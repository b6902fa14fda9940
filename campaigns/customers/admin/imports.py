"""A file of customers in four steps: the file, its columns, the verdicts, and applying it, with a day to undo."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.customers.bank_marketing import source_of
from campaigns.customers.import_selectors import Row, file_in_scope, first_rows, refused_csv, rows_of
from campaigns.customers.imports import words
from campaigns.customers.imports.mapping import SPREAD, Columns
from campaigns.customers.imports.refusals import FileTooLarge
from campaigns.customers.imports.vocabulary import targets_of
from campaigns.customers.models import CustomerFile
from campaigns.customers.selectors import home_branches
from campaigns.customers.services import imports
from campaigns.jobs.long_models import Job
from campaigns.lib.both import for_reader
from campaigns.lib.csv_files import csv_line
from campaigns.lib.refusals import Refusal
from campaigns.tenants.desk import ScopedAdmin, scope_of

State = CustomerFile.State
_PAGE = 100  # rows of verdicts on a page
_MEGABYTE = 1 << 20
_MOST = {"xlsx": 30 * _MEGABYTE, "csv": 500 * _MEGABYTE}
_GROUPS = {
    "identity": _("who it is"),
    "other": _("home and tags"),
    "attributes": _("attributes"),
    "tags": _("one tag (yes or no)"),
}


@admin.register(CustomerFile)
class CustomerFileAdmin(ScopedAdmin):
    """Files that were loaded, newest first; each opens at the step where it stands."""

    noun = "customers.customer"
    list_display = (
        "name",
        "source",
        "branch",
        "loaded_at",
        "loaded_by",
        "rows_told",
        "state_words",
        "outcome",
    )
    list_filter = ("state", "source")
    search_fields = ("name", "source")
    list_select_related = ("branch",)
    ordering = ("-id",)

    class Media:
        css = {"all": ("tenants/organisation.css", "customers/files.css")}
        js = ("tenants/organisation.js",)

    def _may(self, request: HttpRequest, verb: str) -> bool:
        scope = getattr(request, "scope", None)
        return verb in {"view", "add"} and scope is not None and scope.may(imports.MAY)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("mapping", "titles")

    @display(description=_("rows"), ordering="rows")
    def rows_told(self, file: CustomerFile) -> str:
        return f"{file.rows:,}"

    @display(description=_("state"), ordering="state")
    def state_words(self, file: CustomerFile) -> str:
        return str(file.get_state_display())

    @display(description=_("verdicts"))
    def outcome(self, file: CustomerFile) -> str:
        told = [f"{name} {n:,}" for kind, name in words.KINDS.items() if (n := file.counts.get(kind))]
        return " · ".join(told) or "–"

    def get_urls(self) -> list[Any]:
        def own(step: str, view: Callable[..., Any]) -> Any:
            return path(
                f"<uuid:object_id>/{step}/",
                self.admin_site.admin_view(view),
                name=f"customers_customerfile_{step}",
            )

        return [
            own("columns", self.columns_view),
            own("judge", self._button(imports.ask_verdicts)),
            own("apply", self._button(imports.ask_apply)),
            own("confirm", self._button(imports.confirm_apply)),
            own("send_back", self._button(imports.send_back)),
            own("go_on", self._button(imports.go_on)),
            own("undo", self._button(imports.ask_undo)),
            own("progress", self.progress_view),
            own("refused", self.refused_view),
            *super().get_urls(),
        ]

    # --- step 1: the file ---------------------------------------------------------------------------------

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        refused, source = "", request.POST.get("source", "").strip()
        if request.method == "POST":
            chosen = request.FILES.get("file")
            try:
                if chosen is None or chosen.file is None:
                    refused = str(_("Choose a file."))
                else:
                    _demand_size(chosen)
                    with transaction.atomic():
                        file = imports.take_file(
                            scope=scope_of(request),
                            file=chosen.file,
                            name=chosen.name or "",
                            source=source or source_of(chosen.name or "") or "file",
                        )
                    return redirect("admin:customers_customerfile_columns", file.pk)
            except Refusal as refusal:
                refused = str(refusal)
        lately = CustomerFile.objects.within(scope_of(request)).select_related("branch")
        sources = lately.order_by("source").values_list("source", flat=True).distinct()[:50]
        return self._page(
            request, "load", step=1, refused=refused, source=source, sources=list(sources), last=lately[:5]
        )

    # --- step 2: its columns ------------------------------------------------------------------------------

    def columns_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        file = self._file(request, object_id)
        if file is None:
            return self._absent(request, object_id)
        refused, columns = "", Columns.from_json(file.mapping)
        if request.method == "POST":
            columns = _chosen(request, file, columns)
            try:
                with transaction.atomic():
                    imports.choose_columns(scope=scope_of(request), file_id=file.pk, columns=columns)
                    imports.ask_verdicts(scope=scope_of(request), file_id=file.pk)
                return self._back(file)
            except Refusal as refusal:
                refused = str(refusal)
        elif file.state not in {State.DRAFT, State.JUDGED} or file.gone_at:
            return self._back(file)
        sample = first_rows(file=file)
        groups = [
            (_GROUPS[group], targets)
            for group, targets in targets_of(scope=scope_of(request), mapping=columns)
        ]
        fields = [
            {
                "number": number,
                "heading": heading or number + 1,
                "target": columns.columns[number] if number < len(columns.columns) else "",
                "sample": [
                    cells[number] for _line, cells in sample if "".join(cells[number : number + 1]).strip()
                ][:3],
            }
            for number, heading in enumerate(file.titles)
        ]
        homes = home_branches(scope=scope_of(request)).values_list("code", "name")[:500]
        return self._page(
            request,
            "columns",
            step=2,
            file=file,
            refused=refused,
            fields=fields,
            groups=groups,
            columns=columns,
            homes=homes,
            spread=SPREAD,
            has_home="branch" in columns.columns,
            sample=[(line, (cells + [""] * len(file.titles))[: len(file.titles)]) for line, cells in sample],
        )

    # --- step 3: verdicts; step 4: apply, watch, undo -------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        file = self._file(request, object_id)
        if file is None:
            return self._absent(request, object_id)
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        # A draft whose content went in due course has no columns to choose any more.
        if file.state == State.DRAFT and not file.gone_at:
            return redirect("admin:customers_customerfile_columns", file.pk)
        if file.state in {State.JUDGING, State.APPLYING, State.UNDOING}:
            step = 3 if file.state == State.JUDGING else 4
            return self._page(request, "running", step=step, file=file, **_progress(request, file))
        return self._verdicts(request, file)

    def _verdicts(self, request: HttpRequest, file: CustomerFile) -> HttpResponse:
        scope = scope_of(request)
        chosen = request.GET.get("verdict", "")
        shown = [chosen] if chosen in words.KINDS else ["new", "changed", "refused"]
        if chosen == "all":
            shown = list(words.KINDS)
        count = sum(file.counts.get(kind, 0) for kind in shown)
        pages = max(1, -(-count // _PAGE))
        asked = request.GET.get("p", "1")
        page = min(max(1, int(asked) if asked.isdecimal() and len(asked) < 9 else 1), pages)
        rows = rows_of(scope=scope, file=file, kinds=shown, start=(page - 1) * _PAGE, many=_PAGE)
        until = file.applied_at + imports.UNDO_FOR if file.applied_at else None
        touched = file.counts.get("new", 0) + file.counts.get("changed", 0)
        return self._page(
            request,
            "verdicts",
            step=4 if file.state in {State.APPLIED, State.UNDONE} else 3,
            file=file,
            chosen=chosen,
            kinds=[(kind, name, file.counts.get(kind, 0)) for kind, name in words.KINDS.items()],
            wide=range(len(file.titles)),
            rows=[_told(row, len(file.titles)) for row in rows],
            has_reasons=any(row.code for row in rows),
            page=page,
            pages=pages,
            touched=touched,
            needs_two=touched > settings.IMPORT_ALONE_AT_MOST,
            alone_at_most=settings.IMPORT_ALONE_AT_MOST,
            is_mine=file.asked_by_id is not None and file.asked_by_id == scope.person_id,
            undo_until=until if until and until > scope.at and file.state == State.APPLIED else None,
        )

    def progress_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """How far the worker is, for the page that waits."""
        file = self._file(request, object_id)
        if file is None:
            return self._absent(request, object_id)
        told = _progress(request, file)
        is_over = file.state not in {State.JUDGING, State.APPLYING, State.UNDOING} or told["is_stuck"]
        return JsonResponse(
            {
                "done": told["done"],
                "total": told["total"],
                "step_words": str(told["step_words"]),
                "is_over": is_over,
            }
        )

    def refused_view(self, request: HttpRequest, object_id: UUID) -> Any:
        """The refused rows with their reasons, as a file to be corrected and loaded again."""
        file = self._file(request, object_id)
        if file is None:
            return self._absent(request, object_id)
        # Written while the scope is open: what streams later has none.
        lines = [csv_line(row) for row in refused_csv(scope=scope_of(request), file=file)]
        answer = StreamingHttpResponse(["\ufeff", *lines], content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="refused-{file.source}.csv"'
        return answer

    def _button(self, act: Callable[..., Any]) -> Callable[..., HttpResponse]:
        """One service call by a button; its refusal is a message above the step where the file stands."""

        def view(request: HttpRequest, object_id: UUID) -> HttpResponse:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            file = self._file(request, object_id)
            if file is None:
                return self._absent(request, object_id)
            try:
                with transaction.atomic():
                    act(scope=scope_of(request), file_id=object_id)
            except Refusal as refusal:
                messages.error(request, str(refusal))
            return self._back(file)

        return view

    def _file(self, request: HttpRequest, object_id: UUID | str) -> CustomerFile | None:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_object(request, str(object_id))
        return file_in_scope(scope=scope_of(request), file_id=found.pk) if found is not None else None

    def _absent(self, request: HttpRequest, object_id: UUID | str) -> HttpResponse:
        return self._get_obj_does_not_exist_redirect(request, self.opts, str(object_id))  # type: ignore[attr-defined, no-any-return]

    def _back(self, file: CustomerFile) -> HttpResponse:
        return redirect(reverse("admin:customers_customerfile_change", args=[file.pk]))

    def _page(self, request: HttpRequest, name: str, **more: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Load a customer file"),
            "opts": self.opts,
            "media": self.media,
            "steps": [_("File"), _("Columns"), _("Verdicts"), _("Apply")],
            **more,
        }
        return TemplateResponse(request, f"admin/customers/file/{name}.html", context)


def _demand_size(chosen: Any) -> None:
    most = _MOST["xlsx" if (chosen.name or "").lower().endswith(".xlsx") else "csv"]
    if (chosen.size or 0) > most:
        raise FileTooLarge(most=most // _MEGABYTE)


def _chosen(request: HttpRequest, file: CustomerFile, before: Columns) -> Columns:
    """The columns as the form says; an id of an app keeps the app that was named."""
    said = []
    for number in range(len(file.titles)):
        target = request.POST.get(f"column_{number}", "")[:120]
        app = request.POST.get(f"app_{number}", "").strip()[:40]
        said.append(f"{target}:{app}" if app and target in {"openid", "external_userid"} else target)
    return Columns(
        columns=tuple(said),
        home=request.POST.get("home", "")[:40],
        by_row=request.POST.get("by_row") == "on",
        is_strict=before.is_strict,
        preset=before.preset,
    )


def _told(row: Row, width: int) -> dict[str, Any]:
    return {
        "line": row.line,
        "kind": row.kind,
        "words": words.KINDS[row.kind],
        "reason": words.reason_words(row.code, row.column) if row.code else "",
        # A line that could not be taken apart is no content of the first column.
        "raw": row.cells[0] if row.code == "quotes" and len(row.cells) == 1 else "",
        "cells": [
            (cell, number == row.number) for number, cell in enumerate((row.cells + [""] * width)[:width])
        ],
    }


def _progress(request: HttpRequest, file: CustomerFile) -> dict[str, Any]:
    job = Job.objects.within(scope_of(request)).filter(pk=file.job_id).first() if file.job_id else None
    is_stuck = job is None or not job.goes_on
    waits = job is None or job.state == Job.State.WAITING
    return {
        "done": job.done if job else 0,
        "total": (job.total or file.rows) if job else file.rows,
        "step_words": for_reader(job.doing)
        if job and job.doing
        else _("waiting for a worker")
        if waits
        else file.get_state_display(),
        "job": job,
        "is_stuck": is_stuck,
        "why": for_reader(job.why) if job else "",
        "can_go_on": is_stuck and (job is None or job.is_over or job.state == Job.State.FAILED),
    }
