"""Sweeps of this room. Each may run any number of times, side by side."""

from datetime import timedelta

from django.conf import settings

from campaigns.events.services import months
from campaigns.events.services.drops import take_drops
from campaigns.events.services.hooks import forget_nonces
from campaigns.lib.clock import now
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="events.take_drops", system=True, opens_itself=True)
def take_files(*, scope: Scope) -> int:
    """Take the files of events that lie in the folder; how many."""
    return take_drops(scope=scope, folder=settings.EVENT_DROPS, clock=now, at_most=timedelta(minutes=10))[0]


@scoped_task(name="events.keep_months", system=True, opens_itself=True)
def keep_months(*, scope: Scope) -> int:
    """Delete what has been kept long enough, make the months ahead, drop the empty ones; rows deleted."""
    gone = months.clear_events(scope=scope)
    months.keep_months(scope=scope)
    return gone


@scoped_task(name="events.check_places", system=True, opens_itself=True)
def check_places(*, scope: Scope) -> int:
    """Compare where events stand with where their branches stand; how many were set right."""
    return months.check_places(scope=scope)


@scoped_task(name="events.forget_nonces", system=True)
def forget_old_nonces(*, scope: Scope) -> int:
    """Delete nonces of calls that are too old to be sent again; how many."""
    return forget_nonces(scope=scope)
