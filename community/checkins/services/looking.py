"""Words and pictures of check-ins, looked at by who runs the group; and what is due of programmes."""

from datetime import datetime
from uuid import UUID

from django.db import connection

from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope
from community.checkins.refusals import BY_WORD, ReasonNeeded
from community.checkins.selectors import check_in_in_scope

LEAST_REASON = 2  # characters


def accept_check_in(*, scope: Scope, check_in_id: UUID) -> None:
    """Seen and good: one that was held counts from now on, with its points. Raises NotFound, AlreadyLooked."""
    scope.demand("community.checkin.accept")
    _look(scope, check_in_id, "community.checkin.accept", is_good=True, reason="")


def refuse_check_in(*, scope: Scope, check_in_id: UUID, reason: str) -> None:
    """It counts no more, what it gave is taken back, and its day may be done again; the customer reads why.

    Raises ReasonNeeded, NotFound, AlreadyLooked.
    """
    scope.demand("community.checkin.refuse")
    if len(reason.strip()) < LEAST_REASON:
        raise ReasonNeeded
    _look(scope, check_in_id, "community.checkin.refuse", is_good=False, reason=reason.strip()[:200])


def pay_due_goals(*, scope: Scope, limit: int = 100) -> int:
    """Give everybody of groups that reached their goal what was promised; how many groups. Any number of workers."""
    scope.demand("community.programme.pay")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pay_due_goals(%s)", [limit])
        return int(cursor.fetchone()[0])


def let_go_of_pictures(*, scope: Scope, before: datetime, limit: int) -> int:
    """Pictures older than `before` (UTC); how many."""
    scope.demand("community.checkin.forget")
    with connection.cursor() as cursor:
        cursor.execute("SELECT let_go_of_pictures(%s, %s)", [before, limit])
        return int(cursor.fetchone()[0])


def _look(scope: Scope, check_in_id: UUID, verb: str, *, is_good: bool, reason: str) -> None:
    found = check_in_in_scope(scope=scope, check_in_id=check_in_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT look_at_check_in(%s, %s, %s)", [check_in_id, is_good, reason])
        word = cursor.fetchone()[0]
    if word is not None:
        raise BY_WORD[word]
    record(
        scope=scope,
        verb=verb,
        subject=ref("community.checkin", check_in_id),
        subject_name=f"{found.programme.title} {found.day}",
        branch_id=found.branch_id,
        branch_pos=found.branch_pos,
        **({"reason": reason} if reason else {}),
    )
