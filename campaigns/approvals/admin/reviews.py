"""The review queue and the review page."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from campaigns.access.middleware import background
from campaigns.approvals.admin.acts import WITH_PEOPLE, act
from campaigns.approvals.admin.bulk import BulkApproval
from campaigns.approvals.admin.delegations import DelegationPages
from campaigns.approvals.admin.filters import (
    NEWEST_FIRST,
    CountedToAPoint,
    KindFilter,
    ShownFilter,
    lists_on,
    shown_on,
)
from campaigns.approvals.admin.people_found import offered, people_for
from campaigns.approvals.admin.record import RecordPages
from campaigns.approvals.admin.showing import compared, describe, kind_name, review_url, thing_url
from campaigns.approvals.admin.submissions import SubmissionPages
from campaigns.approvals.admin.waiting import waiting_on
from campaigns.approvals.course import course_of, what_happened
from campaigns.approvals.finding_selectors import findings_of
from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import Revision, Step, Stop
from campaigns.approvals.selectors import (
    live_revision_of,
    neighbours_in_queue,
    queue,
    revision_in_scope,
)
from campaigns.approvals.services.talk import look_at
from campaigns.approvals.stopped import stop_over
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope, current_scope


@admin.register(Revision)
class RevisionAdmin(BulkApproval, SubmissionPages, DelegationPages, RecordPages):
    """Only views and decides: a revision is never edited."""

    noun = "approvals.revision"
    list_display = ("title", "kind_name", "branch_name", "author_name", "step", "due", "state_name")
    list_filter = (ShownFilter, KindFilter)
    list_filter_sheet = True
    search_fields = ("title", "author_name")
    search_help_text = _("Title or maker")
    ordering = ("due_at", "id")
    sortable_by = ()
    list_per_page = 25  # read from its head, and painting a row costs more than finding it
    paginator = CountedToAPoint
    list_before_template = "approvals/queue_head.html"

    class Media:
        css = {"all": ("approvals/review.css", "approvals/findings.css", "approvals/stops.css")}

    # --- the queue ---

    @admin.display(description=_("kind"))
    def kind_name(self, revision: Revision) -> str:
        return kind_name(revision)

    @admin.display(description=_("branch"))
    def branch_name(self, revision: Revision) -> str:
        return revision.branch.name

    @admin.display(description=_("step"))
    def step(self, revision: Revision) -> str:
        steps: list[Step] = getattr(revision, "open_steps", [])
        return steps[0].name if steps else "–"

    @admin.display(description=_("due"))
    def due(self, revision: Revision) -> str:
        said = date_format(localtime(revision.due_at), "SHORT_DATETIME_FORMAT")
        scope = current_scope()
        if scope is not None and revision.is_open and revision.due_at < scope.at:
            return format_html('<strong class="ap-late">{} · {}</strong>', said, gettext("overdue"))
        return said

    @admin.display(description=_("state"))
    def state_name(self, revision: Revision) -> str:
        return revision.get_state_display()

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        if shown_on(request) in NEWEST_FIRST:
            return self.list_display
        return tuple(name for name in self.list_display if name != "state_name")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("-id",) if shown_on(request) in NEWEST_FIRST else self.ordering

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        open_steps = Step.objects.within(scope_of(request)).filter(state=Step.State.OPEN)
        rows = super().get_queryset(request).defer("payload", "facts")
        # Never joined: with the branches in the query, the planner reads the whole queue before it sorts it.
        return rows.prefetch_related("branch", Prefetch("steps", queryset=open_steps, to_attr="open_steps"))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if not self.has_view_permission(request):
            raise PermissionDenied
        waiting = waiting_on(request)
        extra = {
            "figures": waiting.figures,
            "first": waiting.figures.first,
            "stands_in_for": [chair.person_name for chair in waiting.chairs if not chair.is_own],
            "shown": shown_on(request),
            "lists": lists_on(request),
            "title": gettext("Review queue"),
        }
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    # --- one review ---

    def get_urls(self) -> list[Any]:
        guard = self.admin_site.admin_view
        own = [
            path(
                "<uuid:revision_id>/phone/<str:which>/",
                guard(xframe_options_sameorigin(self.phone_view)),
                name="approvals_revision_phone",
            ),
            path(
                "<uuid:revision_id>/people/",
                guard(require_GET(self.people_view)),
                name="approvals_revision_people",
            ),
            path(
                "<uuid:revision_id>/look/",
                guard(background(require_POST(self.look_view))),
                name="approvals_revision_look",
            ),
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """The review page; a POST is one act, and a decision opens the next review of the reader's queue."""
        try:
            scope, revision = self._asked_for(request, UUID(object_id))
        except (NotFound, ValueError):
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        more, status = extra_context or {}, 200
        if request.method == "POST":
            chairs = waiting_on(request).chairs
            _before, after = neighbours_in_queue(scope=scope, revision=revision, chairs=chairs)
            try:
                done = act(scope=scope, revision=revision, posted=request.POST)
            except Refusal as refusal:
                # As it stands now, with what was typed still in it.
                revision = revision_in_scope(scope=scope, revision_id=revision.pk)
                more, status = {**_as_typed(request.POST, str(refusal)), **more}, refusal.status
            else:
                messages.success(request, done.said)
                return self._onwards(request, scope, revision, after if done.leaves else revision.pk)
        page = self._page(request, scope, revision) | more
        return TemplateResponse(request, "approvals/review.html", page, status=status)

    def _asked_for(self, request: HttpRequest, revision_id: UUID) -> tuple[Scope, Revision]:
        """The revision that an address names. Raises PermissionDenied, NotFound."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        scope = scope_of(request)
        return scope, revision_in_scope(scope=scope, revision_id=revision_id)

    def _onwards(
        self, request: HttpRequest, scope: Scope, revision: Revision, following: UUID | None
    ) -> HttpResponse:
        """To `following`, else to the head of the queue, else to the empty queue."""
        if following is None:
            rest = queue(scope=scope, chairs=waiting_on(request).chairs).exclude(pk=revision.pk)
            following = rest.values_list("pk", flat=True).first()
        if following is None:
            messages.info(request, gettext("The queue is empty: that was the last one."))
            return HttpResponseRedirect(reverse("admin:approvals_revision_changelist"))
        return HttpResponseRedirect(review_url(following))

    def _page(self, request: HttpRequest, scope: Scope, revision: Revision) -> dict[str, Any]:
        live = live_revision_of(scope=scope, subject=revision.subject)
        if live is not None and live.pk == revision.pk:
            live = None
        course = course_of(scope, revision)
        happened = what_happened(scope, revision)
        before, after = neighbours_in_queue(scope=scope, revision=revision, chairs=course.turn.chairs)
        is_mine = course.turn.is_maker and revision.is_open
        return {
            **self.admin_site.each_context(request),
            **compared(scope, revision, live),
            "opts": self.opts,
            "title": revision.title,
            "media": self.media,
            "original": revision,
            "revision": revision,
            "kind_name": kind_name(revision),
            "live": live,
            "course": course,
            "turn": course.turn,
            "findings": findings_of(scope=scope, revision=revision),
            "stop": _stop_over(scope, revision) if revision.is_open or revision.is_scheduled else None,
            "may_cancel": revision.is_scheduled and scope.may(f"{revision.kind}.take_down"),
            "happened": [each for each in happened if not each.is_before],
            "happened_before": [each for each in happened if each.is_before],
            "previous": review_url(before),
            "next": review_url(after),
            "is_overdue": revision.is_open and revision.due_at < scope.at,
            "may_withdraw": is_mine and scope.may("approvals.revision.withdraw"),
            "may_remind": is_mine,
            "may_delegate": scope.may("approvals.revision.decide"),
            "thing_url": thing_url(scope, revision),
        }

    def phone_view(self, request: HttpRequest, revision_id: UUID, which: str) -> HttpResponse:
        """What customers would see (`new`) or see now (`live`), for a frame of a phone's width."""
        scope, revision = self._asked_for(request, revision_id)
        if which == "live":
            shown = live_revision_of(scope=scope, subject=revision.subject)
            if shown is None:
                raise NotFound
            revision = shown
        described = describe(scope, revision)
        screen = render_to_string(described.template, dict(described.context), request)
        return TemplateResponse(
            request, "approvals/phone.html", {"screen": screen, "styles": described.styles}
        )

    def people_view(self, request: HttpRequest, revision_id: UUID) -> JsonResponse:
        """Whom an act may name: ?for=hand_on, add_signer or copy_to, &q=what is typed."""
        scope, revision = self._asked_for(request, revision_id)
        found = people_for(scope, revision, request.GET.get("for", ""))
        return JsonResponse(offered(found, request.GET.get("q", "")))

    def look_view(self, request: HttpRequest, revision_id: UUID) -> JsonResponse:
        """A page says by itself that it is open, and hears who else has it open."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        looks = look_at(scope=scope_of(request), revision_id=revision_id)
        return JsonResponse({"looking": [look.person_name for look in looks]})


def _stop_over(scope: Scope, revision: Revision) -> Stop | None:
    return stop_over(
        scope=scope,
        kind=revision.kind,
        branch_id=revision.branch_id,
        campaign_id=kind_of(revision.kind).campaign(revision.payload),
    )


def _as_typed(posted: Any, refused: str) -> dict[str, Any]:
    """What was typed into a form that was refused, to be typed no second time."""
    return {
        "refused": refused,
        "typed": posted,
        "typed_in_dialog": posted.get("verdict") in WITH_PEOPLE,
        "chosen": " ".join([*posted.getlist("people"), posted.get("person", "")]).strip(),
    }
