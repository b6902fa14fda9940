"""Sweeps of this room."""

from campaigns.points.services.mall import sweep_orders
from campaigns.points.services.postings import sweep_points
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="points.sweep_points", system=True)
def sweep(*, scope: Scope) -> int:
    """What came into force, what lapsed, holds whose time has passed. One lot at a time; the timetable comes again."""
    return sweep_points(scope=scope)


@scoped_task(name="points.sweep_orders", system=True)
def sweep_mall(*, scope: Scope) -> int:
    """Orders of the mall: money that came is settled, what is not paid in time is off."""
    return sweep_orders(scope=scope)
