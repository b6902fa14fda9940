"""What viewers say, like and answer; and what staff let be seen of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from campaigns.approvals.finding_selectors import lists_for
from campaigns.audit.services import record
from campaigns.customers.models import Customer
from campaigns.lib.ids import new_id
from campaigns.lib.refs import read_ref, ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope, system_scope
from community.livestreams.models import Comment
from community.livestreams.notes import note
from community.livestreams.refusals import BY_WORD, NothingSaid
from community.livestreams.selectors import livestream_in_scope

MOST_CHARACTERS = 200
# An address, an account or a number to call: what lures customers away from the bank's own room.
_LURES = re.compile(r"(https?://|www\.|\d{7,}|[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """A comment as customers see it; `who` is masked."""

    id: UUID
    who: str
    text: str
    at: datetime
    is_own: bool
    state: str


def say_on_livestream(*, scope: Scope, livestream_id: UUID, text: str) -> Said:
    """Say something; held for staff when it holds a forbidden word, an address or a number to call.

    Raises NotFound, NotOn, NothingSaid.
    """
    said = " ".join(text.split())
    if not 1 <= len(said) <= MOST_CHARACTERS:
        raise NothingSaid
    why = _held_for(scope, said)
    key, state = new_id(), Comment.State.HELD if why else Comment.State.SHOWN
    word = _ask(
        scope,
        "SELECT say_on_livestream(%s, %s, %s, %s, %s)",
        [key, livestream_id, said, state, why[:60]],
    )
    if word is not None:
        raise BY_WORD[word]
    return Said(key, scope.facts.actor_name, said, scope.at, True, str(state))


def comments_on(
    *, scope: Scope, livestream_id: UUID, before: UUID | None = None, many: int = 50
) -> list[Said]:
    """What was said, newest first; one's own also while it is held."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            "SELECT id, who, text, at, is_own, state FROM livestream_comments(%s, %s, %s)",
            [livestream_id, before, many],
        )
        return [Said(*row) for row in cursor.fetchall()]


def take_back_comment(*, scope: Scope, comment_id: UUID) -> None:
    """Delete what one said oneself. Raises NotFound."""
    if not _ask(scope, "SELECT take_back_comment(%s)", [comment_id]):
        raise NotFound


@transaction.atomic
def judge_comment(*, scope: Scope, comment_id: UUID, is_fit: bool) -> UUID:
    """Show a comment to all, or hide it; the livestream's id. Raises NotFound."""
    scope.demand("community.livestream.moderate")
    stream = _ask(scope, "SELECT judge_comment(%s, %s)", [comment_id, "shown" if is_fit else "hidden"])
    if stream is None:
        raise NotFound
    try:
        livestream = livestream_in_scope(scope=scope, livestream_id=stream)
    except NotFound:
        # Of a livestream of a branch above: said by a customer of this branch.
        record(
            scope=scope,
            verb="community.livestream.show_comment" if is_fit else "community.livestream.hide_comment",
            subject=ref("community.livestream", stream),
            comment=str(comment_id),
        )
        return UUID(str(stream))
    note(scope, livestream, "show_comment" if is_fit else "hide_comment", comment=str(comment_id))
    return UUID(str(stream))


def like_livestream(*, scope: Scope, livestream_id: UUID, many: int) -> None:
    """Add likes of this viewer. Raises NotFound, NotOn, NotWatching."""
    word = _ask(scope, "SELECT like_livestream(%s, %s)", [livestream_id, many])
    if word is not None:
        raise BY_WORD[word]


def answer_quiz(*, scope: Scope, livestream_id: UUID, question_id: UUID, option: int) -> bool:
    """Answer a question, once; whether it was right. Raises NotFound, NotOn, AnsweredAlready."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            "SELECT word, is_right FROM answer_livestream_quiz(%s, %s, %s, %s)",
            [new_id(), livestream_id, question_id, option],
        )
        word, is_right = cursor.fetchone()
    if word is not None:
        raise BY_WORD[word]
    return bool(is_right)


def forget_viewer(*, scope: Scope, customer: Customer) -> list[str]:
    """What an erased customer said is deleted. A step of erasing, which is noted."""
    gone = _ask(scope, "SELECT forget_viewer(%s)", [customer.pk])
    return [ref("community.comment", key) for key in gone]


def merge_viewer(*, scope: Scope, kept: Customer, absorbed: Customer) -> list[str]:
    """What the absorbed one watched, said and answered is the kept one's. A step of merging, which is noted."""
    return _moved(scope, absorbed, kept, None)


def part_viewer(*, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]) -> list[str]:
    """What the merge had moved goes back. A step of parting, which is noted."""
    return _moved(scope, kept, absorbed, [UUID(read_ref(each).id) for each in moved])


def _moved(scope: Scope, source: Customer, target: Customer, those: list[UUID] | None) -> list[str]:
    moved = _ask(scope, "SELECT move_viewer(%s, %s, %s)", [source.pk, target.pk, those])
    return [ref("community.watch", key) for key in moved]


def _held_for(scope: Scope, text: str) -> str:
    """Why staff must look at it first, in a word; "" for nothing."""
    if found := _LURES.search(text):
        return found.group(0)
    home = scope.branch_pos
    # Customers may not read word lists.
    with system_scope(at=scope.at, cause="community.comment") as all_of:
        lists = lists_for(scope=all_of, branch_pos=home)
    for each in lists:
        for hit in each.searcher.hits(text):
            return str(hit.word.word)
    return ""


def _ask(scope: Scope, sql: str, parameters: list[Any]) -> Any:
    with connections[scope.using].cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]
