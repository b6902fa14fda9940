"""Questions about plans, where they run, and what is posted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connections
from django.db.models import Count, F, Q, QuerySet

from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from community.groups.models import Group, Member
from community.plans.cards import Card, PlanTerms, card_of, with_changes
from community.plans.models import LivePlan, Plan, PlanRun, Post
from community.plans.rules import Occurrence, last_day, moved, occurrences

OPEN = (PlanRun.State.RUNNING, PlanRun.State.PAUSED)
# A task that was not confirmed is shown as overdue after so long.
OVERDUE_AFTER = timedelta(hours=2)


def plans_within(*, scope: Scope) -> QuerySet[Plan]:
    """Drafts of the scope's branches."""
    return Plan.objects.within(scope).select_related("kind", "branch")


def plan_in_scope(*, scope: Scope, plan_id: UUID) -> Plan:
    """Raises NotFound for a foreign and an absent one alike."""
    plan = plans_within(scope=scope).filter(pk=plan_id).first()
    if plan is None:
        raise NotFound
    return plan


def plans_in_force(*, scope: Scope) -> QuerySet[LivePlan]:
    """Approved plans that may be applied here: of the scope's branches, and handed down from above."""
    return LivePlan.objects.visible(scope).filter(original_id=None).select_related("kind", "branch")


def plan_in_force(*, scope: Scope, plan_id: UUID) -> LivePlan:
    """The published copy of a plan of the scope or handed down to it. Raises NotFound."""
    live = plans_in_force(scope=scope).filter(plan_id=plan_id).first()
    if live is None:
        raise NotFound
    return live


def changes_of(*, scope: Scope, plan_ids: Sequence[UUID]) -> dict[UUID, dict[int, LivePlan]]:
    """By plan and branch: what branches have changed of these plans, as far as it is approved and in sight."""
    found: dict[UUID, dict[int, LivePlan]] = {}
    for row in LivePlan.objects.visible(scope).filter(original_id__in=plan_ids):
        found.setdefault(row.original_id, {})[row.branch_id] = row  # type: ignore[arg-type]
    return found


def cards_for(*, live: LivePlan, change: LivePlan | None) -> list[Card]:
    """The cards of a plan as a group gets them, with what its branch (or one above it) has changed."""
    cards = [card_of(each) for each in live.cards]
    if change is None:
        return cards
    return with_changes(cards, {card.id: card for card in map(card_of, change.cards)})


def runs_within(*, scope: Scope) -> QuerySet[PlanRun]:
    """Plans in groups of the scope's branches."""
    return PlanRun.objects.within(scope).select_related("group", "branch")


def run_in_scope(*, scope: Scope, run_id: UUID) -> PlanRun:
    """Raises NotFound."""
    run = runs_within(scope=scope).filter(pk=run_id).first()
    if run is None:
        raise NotFound
    return run


def posts_within(*, scope: Scope) -> QuerySet[Post]:
    """Posts of the scope's branches."""
    return Post.objects.within(scope).select_related("group", "branch", "assignee", "run")


def post_in_scope(*, scope: Scope, post_id: UUID) -> Post:
    """Raises NotFound."""
    post = posts_within(scope=scope).filter(pk=post_id).first()
    if post is None:
        raise NotFound
    return post


def tasks_of(*, scope: Scope) -> QuerySet[Post]:
    """What the person who acts has to send, the oldest first: overdue ones stand before today's."""
    if scope.person_id is None:
        return Post.objects.none()
    rows = Post.objects.within(scope).filter(assignee_id=scope.person_id, state=Post.State.DUE)
    return rows.select_related("group", "branch", "member__customer", "run").order_by("due_at", "id")


def done_today_by(*, scope: Scope, since: datetime) -> QuerySet[Post]:
    """What the person who acts has dealt with since then, the latest first."""
    rows = Post.objects.within(scope).filter(ended_by_id=scope.person_id, ended_at__gte=since)
    return rows.select_related("group", "branch").order_by("-ended_at")


def posts_of_group(*, scope: Scope, group_id: UUID) -> QuerySet[Post]:
    """What was sent to a group. Asked as the customer: the policies show the group to its members alone, and of posts
    to a single member the own. Raises NotFound for a group that the asker is not in, and for an absent one alike.
    """
    mine = Member.objects.filter(group_id=group_id, customer_id=str(scope.customer_id), left_at=None)
    if not mine.exists():
        raise NotFound
    return Post.objects.filter(Q(member=None) | Q(member__in=mine), group_id=group_id)


def is_overdue(*, post: Post, at: datetime) -> bool:
    """Was it to be confirmed before now?"""
    return post.state == Post.State.DUE and post.due_at + OVERDUE_AFTER <= at


@dataclass(frozen=True, slots=True)
class Progress:
    """How the posts of a plan stand at one branch."""

    branch: str
    planned: int
    due: int
    overdue: int
    sent: int
    other: int

    @property
    def percent(self) -> int:
        """Of what was handed out, how much was sent."""
        out = self.due + self.sent + self.other
        return round(100 * self.sent / out) if out else 0


def progress_of(*, scope: Scope, plan_id: UUID, limit: int = 30) -> list[Progress]:
    """How do the posts of a plan stand, by branch, most overdue first? One query."""
    late = Q(state=Post.State.DUE, due_at__lte=scope.at - OVERDUE_AFTER)
    rows = (
        Post.objects.within(scope)
        .filter(run__plan_id=plan_id)
        .values("branch__name")
        .annotate(
            planned=Count("pk", filter=Q(state=Post.State.PLANNED)),
            due=Count("pk", filter=Q(state=Post.State.DUE)),
            overdue=Count("pk", filter=late),
            sent=Count("pk", filter=Q(state=Post.State.CONFIRMED)),
            other=Count("pk", filter=~Q(state__in=["planned", "due", "sent"])),
        )
        .order_by("-overdue", "branch__name")[:limit]
    )
    return [
        Progress(row["branch__name"], row["planned"], row["due"], row["overdue"], row["sent"], row["other"])
        for row in rows
    ]


def runs_by_state(*, scope: Scope, plan_id: UUID) -> dict[str, int]:
    """In how many groups does the plan run, is paused, and is "over"?"""
    rows = PlanRun.objects.within(scope).filter(plan_id=plan_id).values("state").annotate(many=Count("pk"))
    many = {row["state"]: row["many"] for row in rows.order_by()}
    is_open = {state: many.pop(state, 0) for state in map(str, OPEN)}
    return is_open | {"over": sum(many.values())}


def groups_for_plan(
    *, scope: Scope, live: LivePlan, branch_id: int | None = None, kinds: Sequence[str] = ()
) -> QuerySet[Group]:
    """Groups that the plan may be applied to: of these kinds, at this branch and below, and where it does not run."""
    rows = Group.objects.within(scope).filter(dissolved_at=None)
    if branch_id is not None:
        branch = Branch.objects.filter(pk=branch_id, pos__range=(scope.lo, scope.hi)).first()
        if branch is None:
            raise NotFound
        rows = rows.filter(branch_pos__range=(branch.pos, branch.pos_end))
    if not live.handed_down:
        rows = rows.filter(branch_id=live.branch_id)
    wanted = [live.kind_id] if live.kind_id else list(kinds)
    if wanted:
        rows = rows.filter(kind_id__in=wanted)
    runs = PlanRun.objects.within(scope).filter(plan_id=live.plan_id, state__in=OPEN)
    return (
        rows.exclude(pk__in=runs.values("group_id"))
        .select_related("branch", "kind")
        .order_by("branch_pos", "id")
    )


@dataclass(frozen=True, slots=True)
class PreviewDay:
    """A day of a preview: what goes out, with what was moved there from a holiday; `is_certain` as in `rules`."""

    day: date
    nth: int  # D+n
    posts: Sequence[tuple[Card, Occurrence]]
    left_out: Sequence[Card]
    is_certain: bool


def preview(*, terms: PlanTerms, zero: date, first: date, zone: str, days: int = 7) -> list[PreviewDay]:
    """What a group with this day zero would get on each of these days, holidays handled. Asks no database."""
    where = ZoneInfo(zone)
    begins = datetime.combine(first, datetime.min.time(), where)
    until = begins + timedelta(days=days + 1)
    last = last_day(zero=zero, days=terms.days, ends_on=terms.ends_on)
    by_day: dict[date, list[tuple[Card, Occurrence]]] = {}
    left: dict[date, list[Card]] = {}
    for card in terms.cards:
        if card.is_for_members:
            continue
        given: dict[str, Any] = {"zero": zero, "last": last, "zone": zone, "quiet": quiet_hours()}
        for each in occurrences(card.day, card.at, card.holiday, first=begins, until=until, **given):
            by_day.setdefault(each.due_at.astimezone(where).date(), []).append((card, each))
        plain = occurrences(card.day, card.at, "post", first=begins, until=until, **given)
        for each in plain:
            if moved(each.day, card.holiday) is None:
                left.setdefault(each.day, []).append(card)
    found = []
    for n in range(days):
        day = first + timedelta(days=n)
        posts = sorted(by_day.get(day, []), key=lambda pair: pair[1].due_at)
        is_certain = all(each.is_certain for _card, each in posts)
        found.append(PreviewDay(day, (day - zero).days, posts, left.get(day, []), is_certain))
    return found


def quiet_hours() -> Any:
    """From when until when, local, nothing is sent to groups (the installation's setting)."""
    return settings.COMMUNITY_QUIET


@dataclass(frozen=True, slots=True)
class Place:
    """A branch as posts need it: its name, zone, and line (nearest first)."""

    name: str
    zone: str
    line: Sequence[int]


def places_of(*, scope: Scope, branch_ids: Sequence[int]) -> dict[int, Place]:
    """Name, zone and line of each of these branches. One query."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            "SELECT b.id, b.name, b.zone, tenants_line(b.id) FROM tenants_branch b WHERE b.id = ANY (%s)",
            [list(branch_ids)],
        )
        return {key: Place(name, zone, line or [key]) for key, name, zone, line in cursor.fetchall()}


def stopped_branches(*, scope: Scope, places: dict[int, Place]) -> set[int]:
    """Which of these branches are under an emergency stop of plans, or of everything?"""
    if not places:
        return set()
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            "SELECT b FROM unnest(%s::int[]) b WHERE approvals_stops(tenants_line(b)) && ARRAY[':', 'community.plan:']",
            [list(places)],
        )
        return {branch for (branch,) in cursor.fetchall()}


def posts_between(*, scope: Scope, first: datetime, until: datetime) -> QuerySet[Post]:
    """Posts of the scope's branches that are or were due in that time."""
    return posts_within(scope=scope).filter(due_at__gte=first, due_at__lt=until)


def not_confirmed(*, scope: Scope) -> QuerySet[Post]:
    """Tasks of the scope's branches that are overdue, the oldest first."""
    rows = posts_within(scope=scope).filter(state=Post.State.DUE, due_at__lte=scope.at - OVERDUE_AFTER)
    return rows.order_by(F("due_at"), "pk")
