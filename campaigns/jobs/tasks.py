"""What a ticker starts."""

from campaigns.jobs.services import delivery, outbox
from campaigns.lib.clock import now
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="jobs.deliver", system=True, opens_itself=True)
def deliver(*, scope: Scope) -> int:
    """Send what is due; returns how many got through."""
    return delivery.deliver_due(clock=now).sent


@scoped_task(name="jobs.empty_bodies", system=True)
def empty_bodies(*, scope: Scope) -> int:
    """Empty the bodies of messages that are long over."""
    return outbox.empty_bodies(scope=scope)
