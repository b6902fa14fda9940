"""What the ticker and the timetable call. Each may run any number of times, side by side."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from campaigns.jobs.long_moves import TASK as RUN_LONG
from campaigns.jobs.services import delivery, due, outbox, recurring
from campaigns.jobs.services.long_runs import AT_MOST, run_long
from campaigns.jobs.services.watch import watch
from campaigns.lib.clock import now
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import reopened, scoped_task


@scoped_task(name=due.TASK, system=True, opens_itself=True)
def run_due(*, scope: Scope) -> dict[str, int]:
    """Carry out what is due now; what became of it."""

    def reopen(kind: str, carry: dict[str, Any], at: datetime) -> Scope:
        return reopened(kind, carry, at, due.TASK)

    return asdict(due.run_due(scope=scope, clock=now, reopen=reopen))


@scoped_task(name="jobs.materialise", system=True, opens_itself=True)
def materialise(*, scope: Scope) -> int:
    """Lay what recurs 60 days ahead; how many new rows."""
    return recurring.materialise(scope=scope, clock=now)


@scoped_task(name="jobs.purge_due", system=True)
def purge_due(*, scope: Scope) -> int:
    """Delete due rows that were over 90 days ago; how many."""
    return due.purge_due(scope=scope)


@scoped_task(name="jobs.deliver", system=True, opens_itself=True)
def deliver(*, scope: Scope) -> int:
    """Send what is due; returns how many got through."""
    return delivery.deliver_due(clock=now).sent


@scoped_task(name="jobs.empty_bodies", system=True)
def empty_bodies(*, scope: Scope) -> int:
    """Empty the bodies of messages that are long over."""
    return outbox.empty_bodies(scope=scope)


@scoped_task(name="jobs.watch", system=True)
def look(*, scope: Scope) -> list[str]:
    """Measure, keep the figures, open and close alerts; the codes of those it opened."""
    return watch(scope=scope, limits=settings.WATCH_LIMITS).opened


@scoped_task(name=RUN_LONG, system=True, opens_itself=True)
def run_long_jobs(*, scope: Scope) -> int:
    """Carry out the long jobs that wait, the oldest first; returns how many."""

    def reopen(kind: str, carry: dict[str, Any], at: datetime) -> Scope:
        return reopened(kind, carry, at, RUN_LONG)

    began, many = now(), 0
    while (left := began + AT_MOST - now()) > timedelta(0):
        if not run_long(scope=scope, reopen=reopen, clock=now, at_most=left):
            break
        many += 1
    return many
