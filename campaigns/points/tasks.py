"""Sweeps of this room."""

from datetime import timedelta

from campaigns.lib.clock import now
from campaigns.points.services.postings import sweep_points
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.tasks import scoped_task

SWEEP = "points.sweep_points"
# At the end of a year everything lapses at once; then others get their turn, and the timetable comes again.
AT_MOST = timedelta(minutes=2)


@scoped_task(name=SWEEP, system=True, opens_itself=True)
def sweep(*, scope: Scope) -> int:
    """What came into force, what lapsed, holds whose time has passed: lot after lot, each in a transaction of its own.

    How many lots and holds. Whoever is killed has lost the lot under way, which the next sweep finds again.
    """
    touched, until = 0, now() + AT_MOST
    while now() < until:
        with system_scope(at=now(), cause=SWEEP) as opened:
            done = sweep_points(scope=opened)
        if not done:
            break
        touched += done
    return touched
