"""Sweeps of this room."""

import logging
from datetime import timedelta

from django.db import DatabaseError

from campaigns.lib.clock import now
from campaigns.lib.refusals import Refusal
from campaigns.rewards.granting import TASK
from campaigns.rewards.selectors.closes import days_due
from campaigns.rewards.services import grants as services
from campaigns.rewards.services.budgets import settle_budgets
from campaigns.rewards.services.closing import close_missed_day
from campaigns.rewards.services.coupons import expire_due_coupons
from campaigns.rewards.services.partner_codes import warn_of_codes
from campaigns.rewards.services.refusal_counts import write_refusals
from campaigns.rewards.services.stock import tell_low_shares
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.tasks import scoped_task

logger = logging.getLogger(__name__)

# Days looked up at once: more than a sweep can close.
MOST_DUE = 1_000
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
    """Close every day that is over and was missed since the last one, the oldest first; returns how many.

    Each day is a transaction of its own, and the rows of closed days say where to go on: whoever is killed loses one.
    """
    many, until = 0, now() + AT_MOST
    with system_scope(at=now(), cause="rewards.close_days") as opened:
        due = days_due(scope=opened, limit=MOST_DUE)
    for branch_id, day in due:
        if now() >= until:
            break
        try:
            with system_scope(at=now(), cause="rewards.close_days") as opened:
                many += close_missed_day(scope=opened, branch_id=branch_id, day=day) is not None
        except (DatabaseError, Refusal):
            # One day that cannot be closed does not keep the others waiting; it is tried again at the next sweep.
            logger.exception("day %s of branch %s was not closed", day, branch_id)
    return many
