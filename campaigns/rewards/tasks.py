"""Sweeps of this room."""

from datetime import timedelta

from campaigns.lib.clock import now
from campaigns.rewards.granting import TASK
from campaigns.rewards.services import grants as services
from campaigns.rewards.services.budgets import settle_budgets
from campaigns.rewards.services.closing import close_days
from campaigns.rewards.services.coupons import expire_due_coupons
from campaigns.rewards.services.partner_codes import warn_of_codes
from campaigns.rewards.services.refusal_counts import write_refusals
from campaigns.rewards.services.stock import tell_low_shares
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.tasks import scoped_task

# Then others get their turn; the timetable comes again.
AT_MOST = timedelta(minutes=1)


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


@scoped_task(name="rewards.write_refusals", system=True)
def write(*, scope: Scope) -> int:
    """Write down how often each "no" was said since the last time; how many rows."""
    return write_refusals(scope=scope)


@scoped_task(name="rewards.warn_of_codes", system=True)
def warn(*, scope: Scope) -> int:
    """Tell of batches of which few third-party codes are left; how many."""
    return warn_of_codes(scope=scope)


@scoped_task(name=TASK, system=True, opens_itself=True)
def grant_for_events(*, scope: Scope) -> int:
    """Grant what events of other systems ask for, lot by lot; returns how many rows were settled."""
    many, until = 0, now() + AT_MOST
    while now() < until:
        with system_scope(at=now(), cause=TASK) as opened:
            settled = services.grant_for_events(scope=opened)
        if not settled:
            break
        many += settled
    return many


@scoped_task(name="rewards.close_days", system=True, opens_itself=True)
def close_all(*, scope: Scope) -> int:
    """Close yesterday wherever it is over, lot by lot; returns how many branches."""
    many, until = 0, now() + AT_MOST
    while now() < until:
        with system_scope(at=now(), cause="rewards.close_days") as opened:
            closed = close_days(scope=opened, limit=5)
        if not closed:
            break
        many += closed
    return many
