"""Sweeps of this room."""

from campaigns.access.lock_out import purge_tries
from campaigns.access.services.sessions import sweep_sessions
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="access.purge_tries", system=True)
def purge(*, scope: Scope) -> int:
    """Delete tries to log in that count no more."""
    return purge_tries(at=scope.at)


@scoped_task(name="access.sweep_sessions", system=True)
def sweep(*, scope: Scope) -> int:
    """Note the end of sessions that are over, and delete those kept long enough."""
    return sum(sweep_sessions(at=scope.at))
