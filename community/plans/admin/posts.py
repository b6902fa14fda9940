"""Posts: the list for who runs groups, one post, and the phone page on which owners send what is due."""

from collections.abc import Callable
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.lib.refusals import Refusal
from campaigns.points.admin.read_only import ReadPage
from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.desk import scope_of
from campaigns.tenants.models import Person
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import roles_held
from community.plans.material import files_for_staff
from community.plans.models import Post
from community.plans.post_words import why_words
from community.plans.refusals import AssigneeIsElsewhere
from community.plans.selectors import done_today_by, is_overdue, tasks_of
from community.plans.services import posts

MAY_CONFIRM = "community.post.confirm"
_SHOWN = 50


class HandOnForm(forms.Form):
    person = forms.UUIDField()


@admin.register(Post)
class PostAdmin(ReadPage):
    noun = "community.post"
    list_display = ("due_at", "title", "group", "branch", "assignee", "stands")
    list_display_links = ("title",)
    list_select_related = ("group", "branch", "assignee")
    list_filter = ("state",)
    search_fields = ("title",)
    ordering = ("-due_at", "-id")
    list_before_template = "community/posts_head.html"
    change_form_outer_before_template = "community/post_page.html"

    class Media:
        css = {"all": ("rewards/batch.css", "community/plan.css")}

    @admin.display(description=_("state"), ordering="state")
    def stands(self, post: Post) -> str:
        said = post.get_state_display()
        return f"{said}：{why_words(post.why)}" if post.why else str(said)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        own = [
            path("tasks/", view(self.tasks_view), name="community_post_tasks"),
            path("tasks/<uuid:post_id>/confirm/", view(self.confirm_view), name="community_post_confirm"),
            path("tasks/<uuid:post_id>/skip/", view(self.skip_view), name="community_post_skip"),
            path("<uuid:post_id>/hand/", view(self.hand_view), name="community_post_hand_over"),
        ]
        return [*own, *super().get_urls()]

    def told(self, request: HttpRequest, obj: Post) -> dict[str, Any]:
        scope = scope_of(request)
        may_hand = scope.may("community.post.hand_over") and obj.state == Post.State.DUE
        held = roles_held(scope=scope).filter(branch_id=obj.branch_id, held_from__lte=scope.at)
        people = Person.objects.within(scope).filter(pk__in=held.values("person_id")) if may_hand else []
        return {
            "post": obj,
            "why": why_words(obj.why),
            "is_overdue": is_overdue(post=obj, at=scope.at),
            "is_mine": obj.assignee_id == scope.person_id and obj.state == Post.State.DUE,
            "pieces": [piece | {"files": files_for_staff(piece, scope)} for piece in obj.material],
            "may_hand": may_hand,
            "people": people,
        }

    def hand_view(self, request: HttpRequest, post_id: UUID) -> HttpResponse:
        form = HandOnForm(request.POST)

        def hand_on() -> None:
            if not form.is_valid():
                raise AssigneeIsElsewhere
            posts.hand_on_post(
                scope=scope_of(request), post_id=post_id, person_id=form.cleaned_data["person"]
            )

        return self._act(request, post_id, hand_on, gettext("Handed on; the new one has been told."))

    def tasks_view(self, request: HttpRequest) -> HttpResponse:
        """Everything that the person has to send, on a phone: copy, send in WeCom, confirm."""
        scope = _owner(request)
        zone = zone_of(scope=scope)
        today = datetime.combine(scope.at.astimezone(zone).date(), time(), zone)
        context = {
            **self.admin_site.each_context(request),
            "title": _("My posts to send"),
            "tasks": [_shown(post, scope) for post in tasks_of(scope=scope)[:_SHOWN]],
            "done": done_today_by(scope=scope, since=today)[:_SHOWN],
            "zone": str(zone),
            "words": {
                "copied": gettext("Copied"),
                "copy": gettext("Copy"),
                "no_line": gettext("There is no line: try again."),
                "why": gettext("Why is it not sent?"),
            },
        }
        return TemplateResponse(request, "community/tasks.html", context)

    def confirm_view(self, request: HttpRequest, post_id: UUID) -> HttpResponse:
        return _answer(
            request,
            lambda scope: posts.confirm_post(
                scope=scope, post_id=post_id, failed=request.POST.get("why", "")
            ),
        )

    def skip_view(self, request: HttpRequest, post_id: UUID) -> HttpResponse:
        return _answer(
            request,
            lambda scope: posts.skip_post(scope=scope, post_id=post_id, reason=request.POST.get("why", "")),
        )


def _owner(request: HttpRequest) -> Scope:
    scope = scope_of(request)
    if not scope.may(MAY_CONFIRM):
        raise PermissionDenied
    return scope


def _answer(request: HttpRequest, act: Callable[[Scope], Post]) -> HttpResponse:
    """What became of the task as JSON, or the refusal: its status, a code, and the sentence for the owner."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    scope = _owner(request)
    try:
        with transaction.atomic():
            post = act(scope)
    except Refusal as no:
        return JsonResponse({"code": no.code, "no": str(no)}, status=no.status)
    at = f"{scope.at.astimezone(zone_of(scope=scope)):%H:%M}"
    return JsonResponse(
        {"id": str(post.pk), "state": post.state, "said": str(post.get_state_display()), "at": at}
    )


def _shown(post: Post, scope: Scope) -> dict[str, Any]:
    customer = post.member.customer if post.member else None
    return {
        "post": post,
        "is_overdue": is_overdue(post=post, at=scope.at),
        "member": str(customer) if customer is not None else gettext("a member") if post.member_id else "",
        "pieces": [piece | {"files": files_for_staff(piece, scope)} for piece in post.material],
        "confirm": reverse("admin:community_post_confirm", args=[post.pk]),
        "skip": reverse("admin:community_post_skip", args=[post.pk]),
    }
