"""What reviews need done by the clock."""

from campaigns.approvals.services.escalation import escalate_overdue
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="approvals.escalate", system=True)
def escalate(*, scope: Scope) -> int:
    """Ask the next branch up where a step is late."""
    return escalate_overdue(scope=scope)
