"""Builders of groups, plans and posts, through the services."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from campaigns.approvals.finding_selectors import findings_of
from campaigns.approvals.services.reviews import approve_revision
from campaigns.tenants.scopes import system_scope
from community.groups.models import Group
from community.groups.services.groups import add_group
from community.plans.cards import Card, PlanTerms
from community.plans.models import Plan, Post
from community.plans.services.laying import lay_due
from community.plans.services.plans import add_plan, submit_plan
from community.plans.services.sending import send_due
from tests.support.cast import AT, Cast, hired

# A Sunday, ten in the morning in Shanghai.
HELLO = Card(title="早安", day={"day": 1}, at=time(9), text="{群名称}的朋友早上好！", open=["text", "time"])
WEEKLY = Card(
    title="周三理财课", day={"weekdays": [3]}, at=time(19, 30), text="今晚八点，{机构名称}直播间见。"
)


def operator(cast: Cast, code: str = "N") -> None:
    """`cast.operator`: who runs groups at that branch."""
    cast.players["operator"] = hired(cast, "community_operator", code, "operator")


def group_of(
    cast: Cast, code: str = "NB", *, owner: str = "nb_clerk", name: str = "宝妈理财群", **more: Any
) -> Group:
    """A group kept by hand at that branch."""
    with system_scope(at=AT, cause="test") as scope:
        return add_group(
            scope=scope,
            name=name,
            owner_id=cast.play(owner).person.pk,
            branch_id=cast.branch[code].pk,
            **more,
        )


def draft_plan(cast: Cast, *cards: Card, by: str = "operator", at: datetime = AT, **terms: Any) -> Plan:
    """A draft of the branch of `by`."""
    with cast.play(by).scope(at=at) as scope:
        wanted: dict[str, Any] = {"title": "三十天开户计划", "handed_down": True, **terms}
        return add_plan(scope=scope, terms=PlanTerms(cards=cards or (HELLO, WEEKLY), **wanted))


def approve(
    cast: Cast, plan: Plan, *, by: str = "operator", reviewer: str = "north_reviewer", at: datetime = AT
) -> None:
    """Submitted, and approved by another person, who has seen every finding."""
    with cast.play(by).scope(at=at) as scope:
        revision = submit_plan(scope=scope, plan_id=plan.pk)
    with cast.play(reviewer).scope(at=at) as scope:
        seen = [each.finding.pk for each in findings_of(scope=scope, revision=revision)]
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256, acknowledged=seen)


def live_plan(cast: Cast, *cards: Card, at: datetime = AT, **terms: Any) -> Plan:
    """Approved."""
    plan = draft_plan(cast, *cards, at=at, **terms)
    approve(cast, plan, at=at)
    return plan


def swept(at: datetime) -> int:
    """What the worker does at that moment; how many posts were decided."""
    many = 0
    for act in (lay_due, send_due):
        while True:
            with system_scope(at=at, cause="test") as scope:
                done = act(scope=scope)
            if not done:
                break
            many += done if act is send_due else 0
    return many


def posts_of(group: Group | UUID, *states: str) -> list[Post]:
    """Of a group, in the order in which they are due."""
    with system_scope(at=AT, cause="test"):
        rows = Post.objects.filter(group_id=group.pk if isinstance(group, Group) else group)
        return list((rows.filter(state__in=states) if states else rows).order_by("due_at", "id"))


def local(text: str) -> datetime:
    """A moment of Shanghai: "2026-11-23 09:00"."""
    return datetime.fromisoformat(f"{text}+08:00")


def titles(posts: Sequence[Post]) -> list[str]:
    """What is due when, for asserting."""
    return [f"{post.due_at + timedelta(hours=8):%m-%d %H:%M} {post.title}" for post in posts]
