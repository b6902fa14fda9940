"""Long jobs: one's own, and for head office everybody's, with bars; one job's page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaigns.access.middleware import background
from campaigns.jobs import long_results
from campaigns.jobs.long_kinds import kind_of, kinds
from campaigns.jobs.long_models import Job
from campaigns.jobs.long_pace import pace_of
from campaigns.jobs.long_selectors import (
    STOP_ANY,
    job_in_scope,
    jobs_among,
    jobs_seen,
    kinds_by_hand,
    lines_of,
    refused_items,
    sees_all,
)
from campaigns.jobs.services.long import ask_job, pause_job, resume_job, stop_job
from campaigns.lib.both import for_reader
from campaigns.lib.csv_files import csv_bytes
from campaigns.lib.http.files import file_answer
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.tenants.desk import ScopedAdmin, page_of, scope_of

_PAGE = 100  # refusals on a page
_LINES = 200  # of the log
_AT_ONCE = 100  # jobs that one look may ask about


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind.code, kind.label) for kind in kinds()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Job)
class JobAdmin(ScopedAdmin):
    """Everybody sees what is one's own; a job is never edited, only paused, resumed and stopped."""

    noun = "jobs.job"
    list_display = ("name", "progress", "counts", "person_name", "at")
    list_filter = ("state", KindFilter)
    list_filter_sheet = True
    ordering = ("-id",)
    sortable_by = ()
    list_per_page = 25
    list_before_template = "jobs/list_head.html"

    class Media:
        css = {"all": ("jobs/long.css",)}
        js = ("jobs/long.js",)

    # --- rights ---

    def _may(self, request: HttpRequest, verb: str) -> bool:
        scope = getattr(request, "scope", None)
        return verb == "view" and scope is not None and scope.person_id is not None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return jobs_seen(scope=scope_of(request)).defer("opened_as", "args", "cursor")

    # --- the list ---

    @admin.display(description=_("long job"))
    def name(self, job: Job) -> str:
        return str(job)

    @admin.display(description=_("state"))
    def progress(self, job: Job) -> str:
        return format_html(
            '<span class="lj-row" {}><progress max="{}" value="{}" data-lj-bar aria-label="{}"></progress>'
            " <span data-lj-state>{}</span></span>",
            format_html('data-lj="{}"', job.pk) if job.goes_on else "",
            job.total or 1,
            job.done,
            str(job),
            job.state_label,
        )

    @admin.display(description=_("done, of these refused"))
    def counts(self, job: Job) -> str:
        return format_html(
            '<span class="lj-counts" {}><span data-lj-done>{}</span> / <span data-lj-total>{}</span> ·'
            " <span data-lj-refused>{}</span></span>",
            format_html('data-lj="{}"', job.pk) if job.goes_on else "",
            job.done,
            job.total or "–",
            job.refused,
        )

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        if sees_all(scope=scope_of(request)):
            return self.list_display
        return tuple(column for column in self.list_display if column != "person_name")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        extra = {
            "title": gettext("Long jobs"),
            "by_hand": kinds_by_hand(scope=scope_of(request)) if self.has_view_permission(request) else [],
            "looks_at": reverse("admin:jobs_job_progress"),
        }
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    # --- one job ---

    def get_urls(self) -> list[Any]:
        def own(route: str, view: Callable[..., HttpResponseBase], name: str) -> Any:
            return path(route, self.admin_site.admin_view(view), name=f"jobs_job_{name}")

        return [
            own("progress/", self.progress_view, "progress"),
            own("start/", self.start_view, "start"),
            own("<uuid:object_id>/pause/", self.pause_view, "pause"),
            own("<uuid:object_id>/resume/", self.resume_view, "resume"),
            own("<uuid:object_id>/stop/", self.stop_view, "stop"),
            own("<uuid:object_id>/refusals/", self.refusals_view, "refusals"),
            own("<uuid:object_id>/result/", self.result_view, "result"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        self._demand_person(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        scope = scope_of(request)
        try:
            job = job_in_scope(scope=scope, job_id=object_id)
        except NotFound:
            return self._absent(request, object_id)
        kind = kind_of(job.kind)
        page = Paginator(refused_items(scope=scope, job=job), _PAGE).get_page(request.GET.get("p"))
        is_own = job.person_id == scope.person_id
        context = {
            **self.admin_site.each_context(request),
            "title": str(job),
            "opts": self.opts,
            "media": self.media,
            "job": job,
            "told": _told(job, scope.at),
            "kind": kind,
            "why": for_reader(job.why),
            "is_own": is_own,
            "may_stop": not job.is_over and (is_own or scope.may(STOP_ANY)),
            "may_resume": is_own and not job.is_over and not job.goes_on,
            "comment": job.args.get("comment", ""),
            "page": page,
            "items": [{"item": i, "why": for_reader(i.words), "page": page_of(i.subject)} for i in page],
            "lines": [(line.at, for_reader(line.words)) for line in lines_of(scope=scope, job=job)[:_LINES]],
        }
        return TemplateResponse(request, "jobs/job.html", context)

    @background
    def progress_view(self, request: HttpRequest) -> HttpResponse:
        """How far the jobs of the query are, for the pages that wait; of others nothing is said."""
        self._demand_person(request)
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        scope = scope_of(request)
        asked = _keys(request.GET.getlist("job")[:_AT_ONCE])
        jobs = jobs_among(scope=scope, job_ids=asked) if asked else []
        return JsonResponse({"jobs": [{"id": str(job.pk)} | _told(job, scope.at) for job in jobs]})

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a job that may be asked for by hand."""
        self._demand_person(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            with transaction.atomic():
                job = ask_job(scope=scope_of(request), kind=request.POST.get("kind", "")[:80])
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:jobs_job_changelist")
        return redirect("admin:jobs_job_change", job.pk)

    def pause_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        return self._act(request, object_id, pause_job)

    def resume_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        return self._act(request, object_id, resume_job)

    def stop_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        return self._act(request, object_id, stop_job)

    def _act(self, request: HttpRequest, object_id: UUID, act: Callable[..., Job]) -> HttpResponse:
        self._demand_person(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            with transaction.atomic():
                act(scope=scope_of(request), job_id=object_id)
        except NotFound:
            return self._absent(request, object_id)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return redirect("admin:jobs_job_change", object_id)

    # --- files, for who asked ---

    def refusals_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """What was refused and why, as a spreadsheet reads it."""
        scope = scope_of(request)
        job = self._own(request, object_id)
        if job is None:
            return self._absent(request, object_id)
        head = [_("number"), _("title"), _("thing"), _("code"), _("reason")]
        rows = [
            (item.number, item.title, item.subject, item.code, for_reader(item.words))
            for item in refused_items(scope=scope, job=job)
        ]
        return HttpResponse(
            csv_bytes(head, rows),
            content_type="text/csv; charset=utf-8",
            headers=_kept_as(f"refused-{str(job.pk)[-8:]}.csv"),
        )

    def result_view(self, request: HttpRequest, object_id: UUID) -> HttpResponseBase:
        """The file that the job left."""
        job = self._own(request, object_id)
        if job is None:
            return self._absent(request, object_id)
        try:
            if not job.result_name:
                raise FileNotFoundError
            return file_answer(
                request,
                long_results.path_of(job.pk),
                content_type=job.result_type,
                etag=f'"{job.pk}-{job.done}"',
                name=job.result_name,
                headers={"Cache-Control": "private, no-store"},
                is_kept=True,
            )
        except FileNotFoundError:
            messages.error(
                request, _("This long job has left no file, or it was not restored from a backup.")
            )
            return redirect("admin:jobs_job_change", job.pk)

    def _own(self, request: HttpRequest, object_id: UUID) -> Job | None:
        self._demand_person(request)
        try:
            return job_in_scope(scope=scope_of(request), job_id=object_id, own=True)
        except NotFound:
            return None

    def _demand_person(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _absent(self, request: HttpRequest, object_id: UUID | str) -> HttpResponse:
        return self._get_obj_does_not_exist_redirect(request, self.opts, str(object_id))  # type: ignore[attr-defined, no-any-return]


def _keys(asked: list[str]) -> set[UUID]:
    found = set()
    for text in asked:
        try:
            found.add(UUID(text))
        except ValueError:
            continue
    return found


def _kept_as(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }


def _told(job: Job, at: datetime) -> dict[str, Any]:
    """How far it is, as the page shows it and asks again."""
    until = job.ended_at or at
    seconds = (until - job.taken_at).total_seconds() if job.taken_at else 0.0
    pace = pace_of(done=job.done - job.taken_done, left=job.left, seconds=seconds)
    is_running = job.state == Job.State.RUNNING
    return {
        "state": job.state,
        "state_words": str(job.state_label),
        "doing": for_reader(job.doing),
        "goes_on": job.goes_on,
        "done": job.done,
        "total": job.total,
        "went": job.went_through,
        "refused": job.refused,
        "left": job.left,
        "pace": gettext("%(n)s a minute") % {"n": pace.per_minute} if pace.per_minute else "–",
        "time_left": _time(pace.seconds_left) if is_running and pace.seconds_left is not None else "–",
    }


def _time(seconds: int) -> str:
    if seconds < 60:
        return gettext("less than a minute")
    minutes = round(seconds / 60)
    if minutes < 120:
        return ngettext("about %(n)s minute", "about %(n)s minutes", minutes) % {"n": minutes}
    return gettext("about %(n)s hours") % {"n": round(minutes / 60)}
