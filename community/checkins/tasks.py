"""Sweeps of this package."""

from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task
from community.checkins.services.looking import pay_due_goals

PAY = "community.pay_due_goals"


@scoped_task(name=PAY, system=True)
def pay_goals(*, scope: Scope) -> int:
    """Groups that reached their goal since the last time; how many."""
    return pay_due_goals(scope=scope)
