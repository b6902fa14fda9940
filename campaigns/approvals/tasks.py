"""Sweeps of this room."""

from campaigns.approvals.kinds import kinds
from campaigns.approvals.services.escalation import escalate_overdue
from campaigns.approvals.services.schedule import keep_times
from campaigns.approvals.services.verification import verify_published
from campaigns.lib.clock import now
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="approvals.keep_times", system=True)
def follow_times(*, scope: Scope) -> list[int]:
    """Put live what has waited for its time, and end what is over. The timetable comes again."""
    served = keep_times(scope=scope)
    return [served.live, served.ended]


@scoped_task(name="approvals.verify", system=True)
def verify(*, scope: Scope) -> int:
    """Compare everything that is served with what was approved; how much of it is not."""
    return verify_published(
        kinds=kinds(), open_scope=lambda: system_scope(at=now(), cause="approvals.verify"), clock=now
    ).failed


@scoped_task(name="approvals.escalate", system=True)
def escalate(*, scope: Scope) -> int:
    """Ask the next branch up where a step is late."""
    return escalate_overdue(scope=scope)
