"""Reviews with their walls taken down, one by one: what a race would do if nothing held.

A control that cannot go wrong proves nothing about the race beside it; a wall that was never seen to hold alone may
be none.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from django.db import DatabaseError, connections

from campaigns.approvals import moves, signing
from campaigns.approvals.models import Revision
from campaigns.approvals.rules import ReviewIsClosed
from campaigns.approvals.services import live, reviews
from campaigns.tenants.models import TenantQuerySet
from tests.support.races import together

# The walls of the services: one writer for each thing; who reads in order to write locks the row; a guarded move.
LOCK, ROWS, WHERE = "the subject's lock", "the row's lock", "the guarded move"
# The walls of the database: guard -> the table it guards.
REVISION, DECISION, STEP = "approvals_revision_guard", "approvals_decision_guard", "approvals_step_guard"
GUARDS = {REVISION: "approvals_revision", DECISION: "approvals_decision", STEP: "approvals_step"}

# A wall that holds: with which refusal, and in which of its words.
Held = tuple[type[Exception], str]
# What stands between a review that is over and its approval, in the order in which an approval comes to it.
BEHIND_THE_LOCKS: list[tuple[str, Held]] = [
    (DECISION, (DatabaseError, "on an open review")),
    (STEP, (DatabaseError, "of an open review")),
    (WHERE, (ReviewIsClosed, "审核已经结束")),
    (REVISION, (DatabaseError, "moves along its table")),
]


@contextmanager
def without(*walls: str) -> Iterator[None]:
    """Inside, none of these walls holds: a service's is patched away, a guard is switched off by the owner."""
    guards = [wall for wall in walls if wall in GUARDS]
    with ExitStack() as down:
        if LOCK in walls:
            for module in (moves, reviews, live):
                down.enter_context(patch.object(module, "lock", lambda *_: None))
        if ROWS in walls:
            unlocked = patch.object(TenantQuerySet, "select_for_update", lambda rows, **_: rows)
            down.enter_context(unlocked)
        if WHERE in walls:
            for module in (reviews, live):
                down.enter_context(patch.object(module, "move", _moved_from_anywhere))
        try:
            _switch("DISABLE", guards)
            yield
        finally:
            _switch("ENABLE", guards)


def crosswise(first: Callable[[], Any], second: Callable[[], Any]) -> list[Any]:
    """Both read the open review; then `first` acts and commits, and `second` acts on what it read before.

    What each returned or raised. With the subject's lock in place the second would never come to read.
    """
    both, done, slow = threading.Barrier(2, timeout=30), threading.Event(), threading.local()

    def reading(find: Callable[..., Any]) -> Callable[..., Any]:
        def found(*args: Any, **named: Any) -> Any:
            seen = find(*args, **named)
            both.wait()
            assert not getattr(slow, "is_second", False) or done.wait(30)
            return seen

        return found

    def quick() -> Any:
        try:
            return first()
        finally:
            done.set()

    def late() -> Any:
        slow.is_second = True
        return second()

    with ExitStack() as read:
        for module, name in (
            (signing, "open_revision"),
            (reviews, "open_revision"),
            (reviews, "open_review_of"),
        ):
            read.enter_context(patch.object(module, name, reading(getattr(module, name))))
        return together([quick, late])


def steps_down(*walls: tuple[str, Held]) -> Iterator[tuple[list[str], Held | None]]:
    """Which walls are down and how the next one holds, one wall fewer at each step; None where nothing holds.

    The two locks are down from the first, or nobody could read what somebody else is about to change.
    """
    down = [LOCK, ROWS]
    for wall, held in walls:
        yield list(down), held
        down.append(wall)
    yield down, None


def refused(result: object, held: Held | None) -> None:
    """It met the wall that `held` describes; None: it met none."""
    if held is None:
        assert not isinstance(result, Exception), result
    else:
        with pytest.raises(held[0], match=held[1]):
            raise result  # type: ignore[misc]


def _moved_from_anywhere(scope: Any, revision: Revision, to: str) -> None:
    Revision.objects.within(scope).filter(pk=revision.pk).update(state=to, decided_at=scope.at)
    revision.state, revision.decided_at = to, scope.at


def _switch(how: str, guards: list[str]) -> None:
    if guards:
        with connections["owner"].cursor() as cursor:
            for guard in guards:
                cursor.execute(f"ALTER TABLE {GUARDS[guard]} {how} TRIGGER {guard}")
        connections["owner"].close()
