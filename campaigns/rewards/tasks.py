"""Sweeps of this room."""

from campaigns.rewards.services.budgets import settle_budgets
from campaigns.rewards.services.coupons import expire_due_coupons
from campaigns.rewards.services.stock import tell_low_shares
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="rewards.expire_due_coupons", system=True)
def expire_due(*, scope: Scope) -> int:
    """Mark claimed coupons whose time has passed. One lot at a time; the timetable comes again."""
    return expire_due_coupons(scope=scope)


@scoped_task(name="rewards.tell_low_shares", system=True)
def tell_low(*, scope: Scope) -> int:
    """Tell who may allot that a branch's share is nearly gone."""
    return tell_low_shares(scope=scope)


@scoped_task(name="rewards.settle_budgets", system=True)
def settle(*, scope: Scope) -> int:
    """Free what redemptions were worth less than their coupons. One lot at a time; the timetable comes again."""
    return settle_budgets(scope=scope)
