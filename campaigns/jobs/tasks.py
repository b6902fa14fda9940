"""What workers do for this room."""

from datetime import datetime, timedelta
from typing import Any

from campaigns.jobs.long_moves import TASK as RUN_LONG
from campaigns.jobs.services.long_runs import AT_MOST, run_long
from campaigns.lib.clock import now
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import reopened, scoped_task


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
