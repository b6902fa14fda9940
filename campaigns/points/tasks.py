"""Sweeps of this room."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import DatabaseError

from campaigns.lib.clock import now
from campaigns.lib.refusals import Refusal
from campaigns.points.earning import TASK
from campaigns.points.selectors.desk import periods_due
from campaigns.points.services.closing import close_missed
from campaigns.points.services.earnings import earn_for_events
from campaigns.points.services.mall import sweep_orders
from campaigns.points.services.pledges import reveal_draws
from campaigns.points.services.postings import sweep_points
from campaigns.points.services.ratings import ask_rating, rate_due
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.tasks import scoped_task

logger = logging.getLogger(__name__)

SWEEP = "points.sweep_points"
# Periods looked up at once: more than a sweep can close.
MOST_DUE = 1_000
# At the end of a year everything lapses at once; then others get their turn, and the timetable comes again.
AT_MOST = timedelta(minutes=2)
# After each lot, of the time that it took. Who pays with points meanwhile comes first: on two cores a million lots
# lapse in 81 s so, and postings beside it keep 0.93 of their speed; lots of 5,000 with a tenth of rest take 60 s, and
# leave them 0.71 (`bench ledger`).
REST = 0.25


@scoped_task(name=SWEEP, system=True, opens_itself=True)
def sweep(*, scope: Scope) -> int:
    """What came into force, what lapsed, holds whose time has passed: lot after lot, each in a transaction of its own.

    How many lots and holds. Whoever is killed has lost the lot under way, which the next sweep finds again.
    """
    until = now() + AT_MOST
    return sweep_lots(clock=now, goes_on=lambda: now() < until)


def sweep_lots(*, clock: Callable[[], datetime], goes_on: Callable[[], bool]) -> int:
    """Sweep until nothing is due by the clock, resting a while after each lot; how many lots and holds."""
    touched = 0
    while goes_on():
        began = time.perf_counter()
        with system_scope(at=clock(), cause=SWEEP) as opened:
            done = sweep_points(scope=opened)
        if not done:
            break
        touched += done
        time.sleep((time.perf_counter() - began) * REST)
    return touched


@scoped_task(name="points.close_ledgers", system=True, opens_itself=True)
def close_ledgers(*, scope: Scope) -> int:
    """Close every day and month that is over and was missed, the oldest first; returns how many.

    Each is a transaction of its own, and the rows of closes say where to go on: whoever is killed loses one.
    """
    many, until = 0, now() + AT_MOST
    with system_scope(at=now(), cause="points.close_ledgers") as opened:
        due = periods_due(scope=opened, limit=MOST_DUE)
    for branch_id, period, day in due:
        if now() >= until:
            break
        try:
            with system_scope(at=now(), cause="points.close_ledgers") as opened:
                done = close_missed(scope=opened, branch_id=branch_id, period=period, day=day)
                many += done is not None
        except (DatabaseError, Refusal):
            # One that cannot be closed does not keep the others waiting; it is tried again at the next sweep.
            logger.exception("%s %s of branch %s was not closed", period, day, branch_id)
    return many


@scoped_task(name=TASK, system=True, opens_itself=True)
def earn(*, scope: Scope) -> int:
    """Give what events came to, lot by lot, and then look at the tiers of whom they were given to; returns how many
    rows were settled.
    """
    many, until = 0, now() + AT_MOST
    while now() < until:
        with system_scope(at=now(), cause=TASK) as opened:
            settled = earn_for_events(scope=opened)
        if not settled:
            break
        many += settled
    if many:
        _rate(until)
    return many


@scoped_task(name="points.rate_due_tiers", system=True, opens_itself=True)
def rate(*, scope: Scope) -> int:
    """Judge the tiers of whom points came to or were taken from, lot by lot; how many customers."""
    return _rate(now() + AT_MOST)


def _rate(until: datetime) -> int:
    many = 0
    while now() < until:
        with system_scope(at=now(), cause="points.rate_due_tiers") as opened:
            judged = rate_due(scope=opened)
        if judged is None:
            break
        many += judged
    return many


@scoped_task(name="points.rate_all_tiers", system=True)
def rate_all(*, scope: Scope) -> bool:
    """Ask for the night's long job over all customers with points; whether there is one to do."""
    return ask_rating(scope=scope) is not None


@scoped_task(name="points.sweep_orders", system=True)
def sweep_mall(*, scope: Scope) -> int:
    """Orders of the mall: money that came is settled, what is not paid in time is off."""
    return sweep_orders(scope=scope)


@scoped_task(name="points.reveal_draws", system=True)
def reveal(*, scope: Scope) -> int:
    """Show the seeds of draws that are over; how many."""
    return reveal_draws(scope=scope)
