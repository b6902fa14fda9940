"""Closing days."""

from datetime import date

from django.db import connection

from campaigns.audit.services import record
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.rewards.models import Close
from campaigns.rewards.refusals.close import BY_WORD
from campaigns.rewards.selectors.closes import close_in_scope, days_due
from campaigns.tenants.scopes import Scope


def close_day(*, scope: Scope, branch_id: int, day: date) -> Close:
    """Compare everything that must agree at a branch of the scope and below it, and write down its local `day`: what
    moved, what is owed, and what does not agree. Closing it again writes another run.

    Raises NotFound, DayNotOver.
    """
    scope.demand("rewards.close.run")
    fresh = new_id()
    with connection.cursor() as cursor:
        cursor.execute("SELECT close_day(%s, %s, %s)", [fresh, branch_id, day])
        word = cursor.fetchone()[0]
    if word is not None:
        raise BY_WORD[word]
    close = close_in_scope(scope=scope, close_id=fresh)
    record(
        scope=scope,
        verb="rewards.close.run",
        subject=ref("rewards.close", fresh),
        subject_name=str(close)[:80],
        branch_id=close.branch_id,
        branch_pos=close.branch_pos,
        day=day.isoformat(),
        nth=close.nth,
        is_green=close.is_green,
    )
    return close


def close_days(*, scope: Scope, limit: int = 20) -> int:
    """Close yesterday where it is over and nobody has; how many branches. One lot: call again until it answers 0."""
    scope.demand("rewards.close.run")
    due = days_due(scope=scope, limit=limit)
    for branch_id, day in due:
        close_day(scope=scope, branch_id=branch_id, day=day)
    return len(due)
