"""Sweeps of this room."""

from campaigns.points.services.postings import sweep_points
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="points.sweep_points", system=True)
def sweep(*, scope: Scope) -> int:
    """What came into force, what lapsed, holds whose time has passed. One lot at a time; the timetable comes again."""
    return sweep_points(scope=scope)
