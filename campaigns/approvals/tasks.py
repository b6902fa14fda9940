"""What the timetable runs in this room."""

from datetime import datetime
from typing import Any

from campaigns.approvals.services.bulks import TASK, run_waiting
from campaigns.lib.clock import now
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import reopened, scoped_task


@scoped_task(name=TASK, system=True, opens_itself=True)
def run_bulks(*, scope: Scope) -> int:
    """Carry out the bulk approvals that wait, the oldest first; returns how many."""

    def reopen(kind: str, carry: dict[str, Any], at: datetime) -> Scope:
        return reopened(kind, carry, at, TASK)

    many = 0
    while run_waiting(scope=scope, reopen=reopen, clock=now):
        many += 1
    return many
