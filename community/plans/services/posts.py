"""What becomes of posts that were handed out: confirmed, skipped, handed on, taken back; what WeCom says of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from campaigns.approvals.models import Revision
from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.notices.services import settle, tell
from campaigns.tenants.models import Person
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import people_at_home
from community.plans.models import Post
from community.plans.refusals import (
    AssigneeIsElsewhere,
    PostIsOver,
    PostIsStopped,
    PostStays,
    ReasonIsMissing,
)
from community.plans.rules import is_quiet
from community.plans.selectors import places_of, post_in_scope, quiet_hours, stopped_branches
from content.models import Item

CODE = "community.post"
State = Post.State
# A post may be moved so far ahead by hand.
FARTHEST = timedelta(days=14)


def confirm_post(*, scope: Scope, post_id: UUID, failed: str = "") -> Post:
    """The owner has sent it; or could not, and `failed` says why. Whose task it is alone may say so.

    Raises NotFound (also for somebody else's), PostIsOver, PostIsStopped.
    """
    scope.demand("community.post.confirm")
    post = _my_task(scope, post_id)
    if not failed and post.branch_id in stopped_branches(
        scope=scope, places=places_of(scope=scope, branch_ids=[post.branch_id])
    ):
        raise PostIsStopped(why_zh="总行或上级已紧急叫停", why_en="there is an emergency stop")
    state = State.FAILED if failed.strip() else State.CONFIRMED
    _end(scope, post, state=state, why=failed.strip()[:200])
    _note(scope, post, "community.post.confirm")
    return post_in_scope(scope=scope, post_id=post_id)


def skip_post(*, scope: Scope, post_id: UUID, reason: str) -> Post:
    """The owner does not send it, and says why. Raises NotFound, PostIsOver, ReasonIsMissing."""
    scope.demand("community.post.confirm")
    if not reason.strip():
        raise ReasonIsMissing
    post = _my_task(scope, post_id)
    _end(scope, post, state=State.SKIPPED, why=reason.strip()[:200])
    _note(scope, post, "community.post.skip", reason=reason.strip()[:200])
    return post_in_scope(scope=scope, post_id=post_id)


def hand_on_post(*, scope: Scope, post_id: UUID, person_id: UUID) -> Post:
    """Somebody else sends it. Raises NotFound, PostIsOver, AssigneeIsElsewhere."""
    scope.demand("community.post.hand_over")
    post = post_in_scope(scope=scope, post_id=post_id)
    to = people_at_home(scope=scope).filter(pk=person_id).first()
    if to is None:
        raise AssigneeIsElsewhere
    rows = Post.objects.within(scope).filter(pk=post_id, state=State.DUE)
    if not rows.update(assignee=to, reminded=0, remind_at=scope.at + timedelta(hours=2)):
        raise PostIsOver(state=post.get_state_display())
    settle(scope=scope, keys=[_key(post_id)])
    _tell(scope, [to.pk], post)
    _note(scope, post, "community.post.hand_over", to=to.name)
    return post_in_scope(scope=scope, post_id=post_id)


def move_post(*, scope: Scope, post_id: UUID, at: datetime) -> Post:
    """What is planned goes out at another moment, this once. Raises NotFound, PostStays."""
    scope.demand("community.post.move")
    post = post_in_scope(scope=scope, post_id=post_id)
    local = at.astimezone(ZoneInfo(post.branch.zone))
    if not scope.at < at <= scope.at + FARTHEST or is_quiet(local.time(), quiet_hours()):
        raise PostStays
    rows = Post.objects.within(scope).filter(pk=post_id, state=State.PLANNED)
    if not rows.update(due_at=at, day=local.date(), is_moved=True):
        raise PostStays
    _note(scope, post, "community.post.move", before=post.due_at.isoformat(), at=at.isoformat())
    return post_in_scope(scope=scope, post_id=post_id)


def note_result(
    *,
    scope: Scope,
    post_id: UUID,
    result: Literal["sent", "failed"],
    why: str = "",
    at: datetime | None = None,
) -> bool:
    """WeCom says what became of a post: `why` is a code of `post_words` ("not_friend", "limit", "wecom"), `at` when the
    owner confirmed it there. Called by the synchronisation, in the system's scope; once said it stays. Whether it was
    news.
    """
    scope.demand("community.post.note_result")
    rows = Post.objects.within(scope).filter(pk=post_id, result=Post.Result.WAITING)
    is_failed = result == "failed"
    open_ones = {
        "state": State.FAILED if is_failed else State.CONFIRMED,
        "ended_at": at or scope.at,
        "remind_at": None,
    }
    known = rows.filter(state=State.DUE).update(result=result, why=why, **open_ones)
    # The owner has said so before; WeCom knows better.
    known += rows.filter(state=State.CONFIRMED).update(
        result=result, why=why, **({"state": State.FAILED} if is_failed else {})
    )
    if known:
        settle(scope=scope, keys=[_key(post_id)])
        post = post_in_scope(scope=scope, post_id=post_id)
        _note(scope, post, "community.post.note_result", result=result)
    return bool(known)


def take_back_posts(*, scope: Scope, posts: QuerySet[Post], why: str) -> int:
    """What these tell must not go out: tasks are taken back, and who had them is told. How many."""
    rows = list(posts.select_for_update(of=("self",)).order_by("id"))
    open_ones = [row for row in rows if not row.is_over]
    keys = [row.pk for row in open_ones]
    Post.objects.within(scope).filter(pk__in=keys).update(
        state=State.WITHDRAWN, why=why, ended_at=scope.at, remind_at=None
    )
    settle(scope=scope, keys=[_key(key) for key in keys])
    for row in open_ones:
        if row.assignee_id is not None:
            tell(
                scope=scope, people=[row.assignee_id], code="community.post.taken_back", key=f"{_key(row.pk)}:back",
                subject=ref(CODE, row.pk), branch_id=row.branch_id, title=row.title,
            )  # fmt: skip
    return len(keys)


def withdraw_posts_with(*, scope: Scope, item: Item, revision: Revision, reason: str) -> int:
    """A step of recalling: posts with this item that were handed out and not sent are taken back. What is planned is
    decided when it is due.
    """
    posts = Post.objects.within(scope).filter(
        state=State.DUE, material__contains=[{"kind": "item", "id": str(item.pk)}]
    )
    return take_back_posts(scope=scope, posts=posts, why="recalled")


def hand_over_tasks(*, scope: Scope, person: Person, successor: Person) -> int:
    """A step of leaving: open tasks are the successor's."""
    rows = Post.objects.within(scope).filter(assignee=person, state=State.DUE)
    return int(rows.update(assignee=successor, reminded=0, remind_at=scope.at))


def _my_task(scope: Scope, post_id: UUID) -> Post:
    post = post_in_scope(scope=scope, post_id=post_id)
    if post.assignee_id is None or post.assignee_id != scope.person_id:
        raise NotFound
    return post


def _end(scope: Scope, post: Post, *, state: str, why: str) -> None:
    """One guarded write: whoever comes second hears that it is over."""
    rows = Post.objects.within(scope).filter(pk=post.pk, state=State.DUE, assignee_id=scope.person_id)
    done: dict[str, Any] = {"state": state, "why": why, "ended_at": scope.at, "ended_by_id": scope.person_id}
    if not rows.update(remind_at=None, **done):
        raise PostIsOver(state=post_in_scope(scope=scope, post_id=post.pk).get_state_display())
    settle(scope=scope, keys=[_key(post.pk)])


def _key(post_id: UUID) -> str:
    return f"community.post:{post_id}"


def _tell(scope: Scope, people: Sequence[UUID], post: Post) -> None:
    tell(
        scope=scope, people=people, code="community.post.handed_on", key=_key(post.pk), subject=ref(CODE, post.pk),
        branch_id=post.branch_id, title=post.title, group=post.group.name,
    )  # fmt: skip


def _note(scope: Scope, post: Post, verb: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref(CODE, post.pk),
        subject_name=f"{post.title} · {post.group.name}",
        branch_id=post.branch_id,
        branch_pos=post.branch_pos,
        **detail,
    )
