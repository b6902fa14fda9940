"""Sweeps of this room."""

from datetime import timedelta

from campaigns.lib.clock import now
from campaigns.outreach.services.sending import send_due
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.tasks import scoped_task

SEND = "outreach.send_due"
# The timetable comes again every minute.
AT_MOST = timedelta(seconds=50)


@scoped_task(name=SEND, system=True, opens_itself=True)
def send(*, scope: Scope) -> int:
    """Decide of what is due, lot after lot, each in a transaction of its own; how many."""
    many, until = 0, now() + AT_MOST
    while now() < until:
        with system_scope(at=now(), cause=SEND) as opened:
            done = send_due(scope=opened)
        if not done:
            break
        many += done
    return many
