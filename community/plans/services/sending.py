"""What is due now: each post is decided at its moment, and becomes a task of the group's owner or is kept as not sent.

A lot is a few questions and one write, whatever is in it. Posts are locked first and then their groups, in order, so
that any number of workers go on side by side and a group never gets more posts a day than it may.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings
from django.db import connections
from django.db.models import Max

from campaigns.jobs.recurring_rules import moment_of
from campaigns.lib.refs import ref
from campaigns.notices.services import tell
from campaigns.tenants.models import Assignment
from campaigns.tenants.scopes import Scope
from community.groups.models import Group
from community.plans.calling import call_owners, send_to_groups
from community.plans.cards import MOST_BYTES, Card, filled
from community.plans.material import Standing, as_sent, standing_of_material
from community.plans.models import LivePlan, PlanRun, Post
from community.plans.rules import after_quiet, ends_early, may_still_go
from community.plans.selectors import Place, cards_for, changes_of, places_of, quiet_hours, stopped_branches

LOT = 500
REMIND_AFTER = timedelta(hours=2)

_LOCK_GROUPS = """
SELECT pg_advisory_xact_lock(hashtextextended('community_post:' || g, 0))
  FROM (SELECT DISTINCT g FROM unnest(%s::text[]) g ORDER BY g) o
"""
_WRITE = """
UPDATE community_post p
   SET state = r.state, why = r.why, nth = r.nth, revision_id = r.revision_id, text = r.text, material = r.material,
       asks_check_in = r.asks_check_in, assignee_id = r.assignee_id, opened_at = r.opened_at, ended_at = r.ended_at,
       remind_at = r.remind_at, result = r.result
  FROM jsonb_to_recordset(%s) AS r (id uuid, state text, why text, nth smallint, revision_id uuid, text text,
       material jsonb, asks_check_in boolean, assignee_id uuid, opened_at timestamptz, ended_at timestamptz,
       remind_at timestamptz, result text)
 WHERE p.id = r.id AND p.state = 'planned'
"""


@dataclass(frozen=True, slots=True)
class _Facts:
    """All that decides about a lot of posts."""

    plans: Mapping[UUID, LivePlan]
    cards: Mapping[UUID, Mapping[UUID, Card]]  # by run
    pieces: Mapping[UUID, Mapping[str, Sequence[Mapping[str, Any]]]]  # by run and card
    places: Mapping[int, Place]
    stopped: set[int]
    material: Standing
    working: set[UUID]
    managers: Mapping[int, UUID]


def send_due(*, scope: Scope, limit: int = LOT) -> int:
    """Decide one lot of what is due at the scope's moment; how many posts. In the system's scope; any number may do so
    side by side, and `lay_due` comes first.
    """
    posts = list(
        Post.objects.within(scope)
        .filter(
            state=Post.State.PLANNED,
            due_at__lte=scope.at,
            run__state=PlanRun.State.RUNNING,
            run__lay_at__gt=scope.at,
        )
        .order_by("due_at", "id")
        .select_for_update(skip_locked=True, no_key=True, of=("self",))
        .select_related("run", "group", "member")[:limit]
    )
    if not posts:
        return 0
    with connections[scope.using].cursor() as cursor:
        cursor.execute(_LOCK_GROUPS, [[str(post.group_id) for post in posts]])
    facts = _facts(scope, posts)
    counted = _counted(scope, posts)
    reached: set[UUID] = set()
    out: list[Post] = []
    for post in posts:
        why = _against(scope, post, facts, reached)
        if not why and post.member_id is None:
            key = (post.group_id, post.day)
            if counted[key] >= settings.COMMUNITY_POSTS_A_DAY:
                why = "cap"
            else:
                counted[key] += 1
                post.nth = counted[key]
        if why:
            post.state, post.why, post.ended_at = Post.State.REFUSED, why, scope.at
        else:
            _hand_out(scope, post, facts)
            out.append(post)
    with connections[scope.using].cursor() as cursor:
        cursor.execute(_WRITE, [orjson.dumps([_plain(post) for post in posts]).decode()])
    if reached:
        PlanRun.objects.within(scope).filter(pk__in=reached).update(lay_at=scope.at)
    _tell_owners(scope, out)
    call_owners(scope=scope, posts=out)
    send_to_groups(scope=scope, posts=[post for post in out if post.result == Post.Result.WAITING])
    return len(posts)


def _facts(scope: Scope, posts: Sequence[Post]) -> _Facts:
    runs = {post.run_id: post.run for post in posts}
    ids = {run.plan_id for run in runs.values()}
    plans = {row.plan_id: row for row in LivePlan.objects.visible(scope).filter(plan_id__in=ids)}
    changes = changes_of(scope=scope, plan_ids=list(plans))
    places = places_of(scope=scope, branch_ids=list({post.branch_id for post in posts}))
    cards: dict[UUID, dict[UUID, Card]] = {}
    pieces: dict[UUID, dict[str, Any]] = {}
    # Many groups of one branch and plan say the same.
    known: dict[tuple[UUID, UUID | None], tuple[dict[UUID, Card], dict[str, Any]]] = {}
    for run in runs.values():
        live = plans.get(run.plan_id)
        if live is None:
            continue
        own = changes.get(run.plan_id, {})
        change = next((own[branch] for branch in places[run.branch_id].line if branch in own), None)
        key = (run.plan_id, change.pk if change else None)
        if key not in known:
            known[key] = (
                {card.id: card for card in cards_for(live=live, change=change)},
                _pieces(live, change),
            )
        cards[run.pk], pieces[run.pk] = known[key]
    wanted = [piece for _cards, said in known.values() for some in said.values() for piece in some]
    owners = {post.group.owner_id for post in posts}
    working, managers = _working(scope, owners, places)
    return _Facts(
        plans=plans,
        cards=cards,
        pieces=pieces,
        places=places,
        stopped=stopped_branches(scope=scope, places=dict(places)),
        material=standing_of_material(scope=scope, pieces=wanted),
        working=working,
        managers=managers,
    )


def _pieces(live: LivePlan, change: LivePlan | None) -> dict[str, Any]:
    """By card: its frozen material, the branch's own where that part is open."""
    own = {card["id"]: card["material"] for card in change.cards} if change else {}
    return {
        card["id"]: own.get(card["id"], card["material"]) if "material" in card["open"] else card["material"]
        for card in live.cards
    }


def _working(
    scope: Scope, owners: set[UUID], places: Mapping[int, Place]
) -> tuple[set[UUID], dict[int, UUID]]:
    """Which of these people have an assignment now, and who manages each branch or the nearest above it."""
    held = Assignment.objects.within(scope).filter(held_from__lte=scope.at, held_until__gt=scope.at)
    working = set(held.filter(person_id__in=owners).values_list("person_id", flat=True))
    managers: dict[int, UUID] = {}
    if owners - working:
        line = {branch for place in places.values() for branch in place.line}
        rows = held.filter(role_id="branch_manager", branch_id__in=line).order_by("branch_id", "-held_from")
        by_branch = dict(rows.values_list("branch_id", "person_id"))
        for key, place in places.items():
            found = next((by_branch[branch] for branch in place.line if branch in by_branch), None)
            if found is not None:
                managers[key] = found
    return working, managers


def _counted(scope: Scope, posts: Sequence[Post]) -> Counter[tuple[UUID, Any]]:
    rows = Post.objects.within(scope).filter(
        group_id__in={post.group_id for post in posts},
        day__in={post.day for post in posts},
        nth__isnull=False,
    )
    found = rows.order_by().values("group_id", "day").annotate(most=Max("nth"))
    return Counter({(row["group_id"], row["day"]): row["most"] for row in found})


def _against(scope: Scope, post: Post, facts: _Facts, reached: set[UUID]) -> str:
    """Why a post must not go out now; "" when nothing speaks against it."""
    place = facts.places[post.branch_id]
    group: Group = post.group
    live = facts.plans.get(post.run.plan_id)
    card = facts.cards.get(post.run_id, {}).get(post.card_id)
    if live is None or card is None:
        return "card_gone"
    if group.dissolved_at is not None:
        return "group_gone"
    if post.member is not None and post.member.left_at is not None:
        return "member_left"
    if post.branch_id in facts.stopped:
        return "stopped"
    if not may_still_go(due_at=post.due_at, at=scope.at, zone=place.zone, quiet=quiet_hours()):
        return "late"
    if ends_early(members=group.member_count, end_members=live.end_members):
        reached.add(post.run_id)
        return "reached"
    pieces = facts.pieces[post.run_id][str(post.card_id)]
    if facts.material.lacks(pieces, line=place.line):
        return "material"
    if len(filled(card.text, group=group.name, branch=place.name).encode()) > MOST_BYTES:
        return "too_long"
    if _assignee(post, facts) is None:
        return "nobody"
    return ""


def _assignee(post: Post, facts: _Facts) -> UUID | None:
    owner: UUID = post.group.owner_id
    return owner if owner in facts.working else facts.managers.get(post.branch_id)


def _hand_out(scope: Scope, post: Post, facts: _Facts) -> None:
    place = facts.places[post.branch_id]
    card = facts.cards[post.run_id][post.card_id]
    post.state = Post.State.DUE
    post.text = filled(card.text, group=post.group.name, branch=place.name)
    post.material = as_sent(facts.pieces[post.run_id][str(post.card_id)])
    post.asks_check_in = card.asks_check_in
    post.revision_id = facts.plans[post.run.plan_id].revision_id
    post.assignee_id = _assignee(post, facts)
    post.opened_at = scope.at
    post.remind_at = reminder_after(scope=scope, zone=place.zone)
    if post.group.source == Group.Source.WECOM:
        post.result = Post.Result.WAITING


def reminder_after(*, scope: Scope, zone: str) -> Any:
    """When to remind next: two hours on, and not at night."""
    local = (scope.at + REMIND_AFTER).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return moment_of(after_quiet(local, quiet_hours()), zone)


def _plain(post: Post) -> dict[str, Any]:
    names = ("id", "state", "why", "nth", "revision_id", "text", "material", "asks_check_in", "assignee_id")
    return {name: getattr(post, name) for name in (*names, "opened_at", "ended_at", "remind_at", "result")}


def _tell_owners(scope: Scope, posts: Sequence[Post]) -> None:
    """One line a person, however many groups: the oldest of them leads."""
    by_person: dict[UUID, list[Post]] = {}
    for post in posts:
        by_person.setdefault(post.assignee_id, []).append(post)  # type: ignore[arg-type]
    for person_id, own in by_person.items():
        first = own[0]
        tell(
            scope=scope, people=[person_id], code="community.post.due",
            key=f"community.post:{first.pk}", subject=ref("community.post", first.pk), branch_id=first.branch_id,
            title=first.title, group=first.group.name, many=len(own),
        )  # fmt: skip
