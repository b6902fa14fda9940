"""Sweeps of this room."""

from datetime import timedelta

from campaigns.lib.clock import now
from campaigns.points.earning import TASK
from campaigns.points.services.earnings import earn_for_events
from campaigns.points.services.postings import sweep_points
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.tasks import scoped_task

# Then others get their turn; the timetable comes again.
AT_MOST = timedelta(minutes=1)


@scoped_task(name="points.sweep_points", system=True)
def sweep(*, scope: Scope) -> int:
    """What came into force, what lapsed, holds whose time has passed. One lot at a time; the timetable comes again."""
    return sweep_points(scope=scope)


@scoped_task(name=TASK, system=True, opens_itself=True)
def earn(*, scope: Scope) -> int:
    """Give what events came to, lot by lot; returns how many rows were settled."""
    many, until = 0, now() + AT_MOST
    while now() < until:
        with system_scope(at=now(), cause=TASK) as opened:
            settled = earn_for_events(scope=opened)
        if not settled:
            break
        many += settled
    return many
