"""Plans in groups: where each stands, and pausing, resuming, stopping it there."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext

from campaigns.points.admin.read_only import ReadPage
from campaigns.tenants.desk import scope_of
from community.plans.models import PlanRun
from community.plans.post_words import why_words
from community.plans.selectors import is_overdue, posts_within
from community.plans.services import runs

_SHOWN = 60


@admin.register(PlanRun)
class PlanRunAdmin(ReadPage):
    noun = "community.planrun"
    list_display = ("plan_title", "group", "branch", "zero", "state")
    list_display_links = ("plan_title",)
    list_select_related = ("group", "branch")
    list_filter = ("state",)
    search_fields = ("plan_title",)
    list_before_template = "community/runs_head.html"
    change_form_outer_before_template = "community/run_page.html"

    class Media:
        css = {"all": ("rewards/batch.css", "community/plan.css")}

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:run_id>/pause/", view(self.pause_view), name="community_planrun_pause"),
            path("<uuid:run_id>/resume/", view(self.resume_view), name="community_planrun_resume"),
            path("<uuid:run_id>/stop/", view(self.stop_view), name="community_planrun_stop"),
        ]
        return [*own, *super().get_urls()]

    def told(self, request: HttpRequest, obj: PlanRun) -> dict[str, Any]:
        scope = scope_of(request)
        posts = posts_within(scope=scope).filter(run=obj).order_by("due_at", "pk")
        return {
            "run": obj,
            "posts": [
                {"row": post, "why": why_words(post.why), "is_overdue": is_overdue(post=post, at=scope.at)}
                for post in posts[:_SHOWN]
            ],
            "may_pause": scope.may("community.planrun.pause") and obj.state == PlanRun.State.RUNNING,
            "may_resume": scope.may("community.planrun.pause") and obj.state == PlanRun.State.PAUSED,
            "may_stop": scope.may("community.planrun.stop")
            and obj.state in (PlanRun.State.RUNNING, PlanRun.State.PAUSED),
            "may_see_posts": scope.may("community.post.view"),
        }

    def pause_view(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        said = gettext("Paused. Nothing is sent to this group until it is resumed.")
        return self._act(
            request, run_id, lambda: runs.pause_run(scope=scope_of(request), run_id=run_id), said
        )

    def resume_view(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        said = gettext("Resumed. What was due meanwhile is not made up for.")
        return self._act(
            request, run_id, lambda: runs.resume_run(scope=scope_of(request), run_id=run_id), said
        )

    def stop_view(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        said = gettext("Stopped in this group. Open tasks were taken back.")
        return self._act(request, run_id, lambda: runs.stop_run(scope=scope_of(request), run_id=run_id), said)
