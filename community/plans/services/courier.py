"""Posts on their way through WeCom: put into the outbox, and what WeCom says of them asked until it is known.

Putting happens in the transaction of the hand-out. Asking happens outside of any: a lot is claimed by setting its next
moment of asking (`ask_at`), so that a worker that dies only makes its lot wait, and two workers never ask the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext, override

from campaigns.jobs.outbox_models import Message
from campaigns.jobs.outbox_rules import RefusedForGood, has_personal_number
from campaigns.jobs.services.outbox import Note, put_many
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope, system_scope
from community.groups.selectors import userids_of
from community.groups.wecom import WeCom, pages
from community.groups.wecom_answers import TO_WAIT, Later, NotPermitted, Stopped
from community.groups.wecom_settings import wecom
from community.plans.group_posts import CODE, GROUP_POSTS
from community.plans.models import Post
from community.plans.services.posts import note_result

TASK = "community.ask_results"
CALLS = "wecom.message"
LOT = 50
# For so long after the hand-out WeCom is asked: every few minutes at first, later more and more seldom.
ASK_FOR = timedelta(days=3)
_WAITS = (
    (timedelta(hours=2), timedelta(minutes=5)),
    (timedelta(days=1), timedelta(minutes=30)),
    (ASK_FOR, timedelta(hours=3)),
)
# Status of a group in the answer -> what became of the post, and why. 0: the owner has not confirmed it yet.
_RESULTS: dict[Any, tuple[Any, str]] = {
    1: ("sent", ""),
    2: ("failed", "not_friend"),
    3: ("failed", "limit"),
}


def put_posts(*, scope: Scope, posts: Sequence[Post]) -> None:
    """Have these posted into their groups by WeCom. What it cannot carry whole stays the owner's to send by hand."""
    is_configured = wecom().is_configured
    owners = userids_of(scope=scope, people={post.group.owner_id for post in posts})
    out = [post for post in posts if is_configured and post.group.owner_id in owners and _fits(post)]
    by_hand = {post.pk for post in posts} - {post.pk for post in out}
    if by_hand:
        Post.objects.within(scope).filter(pk__in=by_hand).update(result=Post.Result.NONE)
    if out:
        notes = [
            Note(
                ref(CODE, post.pk),
                _key(post.pk),
                {"to": ref(CODE, post.pk), "text": post.text},
                post.branch_id,
                post.branch_pos,
            )
            for post in out
        ]
        put_many(scope=scope, adapter=GROUP_POSTS, notes=notes)
        Post.objects.within(scope).filter(pk__in=[post.pk for post in out]).update(
            ask_at=scope.at + _WAITS[0][1]
        )


def _fits(post: Post) -> bool:
    """To a whole group, text alone, and nothing that the outbox does not keep."""
    return post.member_id is None and not post.material and not has_personal_number(post.text)


def put_calls(*, scope: Scope, posts: Sequence[Post]) -> None:
    """Call who has to send these: one message a person, however many posts."""
    if not settings.WECOM_AGENT_ID:
        return
    by_person: dict[UUID, list[Post]] = {}
    for post in posts:
        if post.assignee_id is not None:
            by_person.setdefault(post.assignee_id, []).append(post)
    reached = userids_of(scope=scope, people=set(by_person))
    page = f"{next(iter(settings.CSRF_TRUSTED_ORIGINS), '')}{reverse('admin:community_post_tasks')}"
    notes = []
    for person, own in by_person.items():
        if person in reached:
            first, whom = own[0], ref("tenants.person", person)
            with override("zh-hans"):
                said = gettext("%(many)s posts wait to be sent to your groups: %(page)s")
            body = {
                "to": whom,
                "msgtype": "text",
                "text": {"content": said % {"many": len(own), "page": page}},
            }
            key = f"post:{first.pk}:{scope.at.isoformat(timespec='seconds')}"
            notes.append(Note(whom, key, body, first.branch_id, first.branch_pos))
    if notes:
        put_many(scope=scope, adapter=CALLS, notes=notes)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A message of WeCom whose result is waited for."""

    post_id: UUID
    opened_at: datetime
    msgid: str
    sender: str
    chat: str


def ask_results(
    *, wecom: WeCom, clock: Callable[[], datetime], goes_on: Callable[[], bool] = lambda: True
) -> int:
    """Ask WeCom what became of the posts whose turn it is; how many results were news. Any number may do so."""
    news = 0
    while wecom.is_configured and goes_on():
        with system_scope(at=clock(), cause=TASK) as scope:
            claimed, lot, known = _claim(scope)
        news += known
        if not claimed:
            break
        for asked in lot:
            try:
                news += _ask(wecom, clock, asked)
            except NotPermitted:
                return news
            except Later as later:
                # WeCom wants to be left alone; another answer is asked for in its next turn.
                if later.seconds in TO_WAIT.values():
                    return news
    return news


def _claim(scope: Scope) -> tuple[int, list[_Asked], int]:
    """How many were looked at, which of them to ask WeCom for, and how many are known without asking."""
    waiting = Post.objects.within(scope).filter(
        result=Post.Result.WAITING, state__in=[Post.State.DUE, Post.State.CONFIRMED], ask_at__lte=scope.at
    )
    locked = waiting.select_for_update(skip_locked=True, no_key=True, of=("self",))
    posts = list(locked.order_by("ask_at", "id")[:LOT])
    keys = [_key(post.pk) for post in posts]
    rows = Message.objects.within(scope).filter(adapter=GROUP_POSTS, account="", key__in=keys)
    messages = {row.key: row for row in rows}
    again: dict[datetime | None, list[UUID]] = {}
    lot: list[_Asked] = []
    by_hand: list[UUID] = []
    refused: list[UUID] = []
    for post in posts:
        next_at = _next(post, scope.at)
        again.setdefault(next_at, []).append(post.pk)
        message = messages.get(_key(post.pk))
        if message is not None and message.state == Message.State.SENT:
            said = message.answer
            if said.get("msgid"):
                lot.append(
                    _Asked(
                        post.pk, post.opened_at or post.due_at, said["msgid"], said["sender"], said["chat"]
                    )
                )
        elif message is not None and _is_refused(message):
            refused.append(post.pk)
        elif _is_by_hand(post, message, next_at):
            by_hand.append(post.pk)
    for at, ids in again.items():
        Post.objects.within(scope).filter(pk__in=ids).update(ask_at=at)
    _to_hand(scope, by_hand)
    known = sum(note_result(scope=scope, post_id=each, result="failed", why="wecom") for each in refused)
    return len(posts), lot, known


def _is_refused(message: Message) -> bool:
    """By WeCom, for good; whatever never reached it may still be sent by hand."""
    return message.state == Message.State.DEAD and message.why.get("code") == RefusedForGood.code


def _is_by_hand(post: Post, message: Message | None, next_at: datetime | None) -> bool:
    """Will WeCom never hear of it? A dead one may be sent again from the outbox while there is time."""
    if message is None or message.state == Message.State.CANCELLED or next_at is None:
        return True
    return bool(message.state == Message.State.DEAD and post.state == Post.State.CONFIRMED)


def _next(post: Post, at: datetime) -> datetime | None:
    """When to ask next; None when this is the last time."""
    age = at - (post.opened_at or at)
    wait = next((wait for until, wait in _WAITS if age < until), None)
    return at + wait if wait is not None else None


def _ask(wecom: WeCom, clock: Callable[[], datetime], asked: _Asked) -> int:
    """Raises Later, NotPermitted."""
    try:
        row = next(
            (
                row
                for page in pages(wecom.message_results, msgid=asked.msgid, userid=asked.sender)
                for row in page.rows
                if row.get("chat_id") == asked.chat
            ),
            {},
        )
    except NotPermitted:
        raise
    except Stopped:
        with system_scope(at=clock(), cause=TASK) as scope:
            _to_hand(scope, [asked.post_id])
        return 0
    result, why = _RESULTS.get(row.get("status"), ("", ""))
    if not result:
        return 0
    with system_scope(at=clock(), cause=TASK) as scope:
        at = _confirmed_at(row.get("send_time"), asked.opened_at, scope.at)
        return int(note_result(scope=scope, post_id=asked.post_id, result=result, why=why, at=at))


def _confirmed_at(seconds: Any, opened_at: datetime, at: datetime) -> datetime:
    """WeCom's moment, within what can be."""
    if not isinstance(seconds, int) or not opened_at.timestamp() <= seconds <= at.timestamp():
        return at
    return datetime.fromtimestamp(seconds, UTC)


def _to_hand(scope: Scope, post_ids: Sequence[UUID]) -> None:
    """WeCom has nothing to say of these: what the owner says is what counts."""
    if post_ids:
        rows = Post.objects.within(scope).filter(pk__in=post_ids, result=Post.Result.WAITING)
        rows.update(result=Post.Result.NONE, ask_at=None)


def _key(post_id: UUID) -> str:
    return f"post:{post_id}"
