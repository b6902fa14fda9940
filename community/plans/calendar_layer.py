"""Group posts on the calendar (campaigns/planning/calendar): what is planned, handed out, sent, by its moment.

A bank of ten thousand branches has two hundred thousand posts a week. Of each day only the first few are read, by the
index on the moment, and counted up to two hundred; so head office asks two queries, and a branch the same two.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connections
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.planning.calendar.layers import (
    Asked,
    Card,
    Entry,
    Fill,
    Found,
    IsFixed,
    Layer,
    Part,
    register_calendar_layer,
)
from campaigns.tenants.scopes import Scope
from community.plans.models import Post
from community.plans.post_words import why_words
from community.plans.selectors import is_overdue, post_in_scope
from community.plans.services.posts import move_post

_COUNTED = 200
_OF_DAYS = """
SELECT r.* FROM unnest(%s::timestamptz[], %s::timestamptz[]) AS d (first, until),
 LATERAL (SELECT p.id, p.due_at, p.title, p.state, p.assignee_id, p.group_id, p.branch_id FROM community_post p
           WHERE p.due_at >= d.first AND p.due_at < d.until AND p.branch_pos BETWEEN %s AND %s{narrowed}
           ORDER BY p.due_at, p.id LIMIT %s) t,
 LATERAL (SELECT t.id, t.due_at, t.title, t.state, t.assignee_id,
                 (SELECT g.name FROM community_group g WHERE g.id = t.group_id),
                 (SELECT b.name FROM tenants_branch b WHERE b.id = t.branch_id),
                 (SELECT w.name FROM tenants_person w WHERE w.id = t.assignee_id)) r
"""
_COUNT = """
SELECT d.n, (SELECT count(*) FROM (SELECT FROM community_post p WHERE p.due_at >= d.first AND p.due_at < d.until
               AND p.branch_pos BETWEEN %s AND %s{narrowed} LIMIT %s) l)
  FROM unnest(%s::timestamptz[], %s::timestamptz[], %s::int[]) AS d (first, until, n)
"""


def post_entries(scope: Scope, asked: Asked) -> Found:
    """Posts that are due on these days: the first of each, and how many more there are. Two queries at most."""
    narrowed = " AND p.assignee_id = %s" if asked.owner is not None else ""
    more: list[Any] = [asked.owner] if asked.owner is not None else []
    firsts, untils = list(asked.edges[:-1]), list(asked.edges[1:])
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            _OF_DAYS.format(narrowed=narrowed), [firsts, untils, scope.lo, scope.hi, *more, asked.most + 1]
        )
        rows = cursor.fetchall()
    may = scope.may("community.post.move")
    shown: dict[date, list[Entry]] = {day: [] for day in asked.days}
    for key, due_at, title, state, assignee, group, branch, owner in rows:
        shown.setdefault(due_at.astimezone(asked.zone).date(), []).append(
            Entry(
                key=key,
                part=Part.FROM,
                at=due_at,
                until=None,
                title=f"{title} · {group}",
                kind="",
                fill=_fill(state),
                owner_id=assignee,
                owner=owner or "",
                branch=branch or "",
                moves=frozenset([Part.FROM])
                if may and state == Post.State.PLANNED and due_at > scope.at
                else frozenset(),
            )
        )
    full = [n for n, day in enumerate(asked.days) if len(shown[day]) > asked.most]
    totals = _counted(scope, asked, full, narrowed, more)
    return Found(
        [each for day in asked.days for each in shown[day][: asked.most]],
        {asked.days[n]: many - asked.most for n, many in totals.items()},
        frozenset(asked.days[n] for n, many in totals.items() if many >= _COUNTED),
    )


def _counted(scope: Scope, asked: Asked, full: list[int], narrowed: str, more: list[Any]) -> dict[int, int]:
    if not full:
        return {}
    edges = [[asked.edges[n] for n in full], [asked.edges[n + 1] for n in full]]
    most = max(_COUNTED, asked.most + 1)
    with connections[scope.using].cursor() as cursor:
        cursor.execute(_COUNT.format(narrowed=narrowed), [scope.lo, scope.hi, *more, most, *edges, full])
        return dict(cursor.fetchall())


def _fill(state: str) -> Fill:
    if state == Post.State.PLANNED:
        return Fill.SET
    return Fill.REVIEW if state == Post.State.DUE else Fill.DONE


def post_card(scope: Scope, post_id: UUID) -> Card:
    """Raises NotFound."""
    post = post_in_scope(scope=scope, post_id=post_id)
    state = gettext("not confirmed") if is_overdue(post=post, at=scope.at) else post.get_state_display()
    is_planned = post.state == Post.State.PLANNED
    may = scope.may("community.post.move") and is_planned and post.due_at > scope.at
    lines = [(gettext("community group"), post.group.name), (gettext("plan"), post.run.plan_title)]
    if post.text:
        lines.append((gettext("text"), post.text))
    return Card(
        title=post.title,
        kind=gettext("group post"),
        state=f"{state}：{why_words(post.why)}" if post.why else str(state),
        fill=_fill(post.state),
        owner=post.assignee.name if post.assignee else "",
        branch=post.branch.name,
        lines=lines,
        page=reverse("admin:community_post_change", args=[post.pk]),
        next=gettext("Open the post"),
        window=(post.due_at, post.due_at),
        moves=frozenset([Part.FROM]) if may else frozenset(),
    )


def move_on_calendar(scope: Scope, post_id: UUID, moments: Mapping[Part, datetime]) -> str:
    """Raises NotFound, IsFixed, PostStays."""
    if Part.FROM not in moments:
        raise IsFixed
    move_post(scope=scope, post_id=post_id, at=moments[Part.FROM])
    return gettext("It goes out at its new time, this once. The plan stays as it is.")


def register_posts_layer() -> None:
    """Called once, when the applications are ready."""
    register_calendar_layer(
        Layer(
            "posts",
            _("Group posts"),
            icon="chat",
            needs="community.post.view",
            entries=post_entries,
            card=post_card,
            move=move_on_calendar,
        )
    )
