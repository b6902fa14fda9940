"""Closing days: one, and those that were missed."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import connection

from campaigns.audit.services import record
from campaigns.jobs.long_models import Job, JobItem
from campaigns.jobs.services.long import Asked, ask_many
from campaigns.lib.ids import new_id
from campaigns.lib.refs import read_ref, ref
from campaigns.rewards.models import Close
from campaigns.rewards.refusals.close import BY_WORD, NothingMissed
from campaigns.rewards.selectors.closes import close_in_scope
from campaigns.rewards.selectors.periods import period_of
from campaigns.tenants.scopes import Scope

RUN = "rewards.close.run"


def close_day(*, scope: Scope, branch_id: int, day: date) -> Close:
    """Compare everything that must agree at a branch of the scope and below it, and write down its local `day`: what
    moved, what is owed, and what does not agree. Closing it again writes another run.

    Raises NotFound, DayNotOver.
    """
    scope.demand(RUN)
    fresh = new_id()
    with connection.cursor() as cursor:
        cursor.execute("SELECT close_day(%s, %s, %s)", [fresh, branch_id, day])
        word = cursor.fetchone()[0]
    if word is not None:
        raise BY_WORD[word]
    close = close_in_scope(scope=scope, close_id=fresh)
    record(
        scope=scope,
        verb=RUN,
        subject=ref("rewards.close", fresh),
        subject_name=str(close)[:80],
        branch_id=close.branch_id,
        branch_pos=close.branch_pos,
        day=day.isoformat(),
        nth=close.nth,
        is_green=close.is_green,
    )
    return close


def close_missed_day(*, scope: Scope, branch_id: int, day: date) -> Close | None:
    """Close a day that the timetable found open; None when somebody else was quicker. Raises as `close_day` does."""
    if Close.objects.filter(branch=branch_id, day=day).exists():
        return None
    return close_day(scope=scope, branch_id=branch_id, day=day)


def ask_missed_days(*, scope: Scope, branch_id: int, first: date, last: date) -> Job:
    """Have every missed day of a period closed as a long job, the oldest first. Raises NotFound, PeriodTooLong,
    NothingMissed, NotAllowed.
    """
    scope.demand(RUN)
    period = period_of(scope=scope, branch_id=branch_id, first=first, last=last)
    if not period.missed:
        raise NothingMissed
    return ask_many(
        scope=scope,
        kind=RUN,
        items=[
            Asked(ref("tenants.branch_day", f"{branch_id}.{day}"), f"{period.branch.name} {day}")
            for day in period.missed
        ],
    )


def close_item(*, scope: Scope, item: JobItem, args: Mapping[str, Any]) -> None:
    """One day of a long job. A day that was closed meanwhile is left as it is."""
    branch, _dot, day = read_ref(item.subject).id.partition(".")
    close_missed_day(scope=scope, branch_id=int(branch), day=date.fromisoformat(day))
