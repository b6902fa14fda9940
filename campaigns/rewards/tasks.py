"""Sweeps of this room."""

from campaigns.rewards.services.coupons import expire_due_coupons
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="rewards.expire_due_coupons", system=True)
def expire_due(*, scope: Scope) -> int:
    """Mark claimed coupons whose time has passed. One lot at a time; the timetable comes again."""
    return expire_due_coupons(scope=scope)
