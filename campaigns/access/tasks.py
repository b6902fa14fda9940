"""Sweeps of this room."""

from campaigns.access.services.sessions import sweep_sessions
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="access.sweep_sessions", system=True)
def sweep(*, scope: Scope) -> int:
    """Note the end of sessions that are over, and delete those kept long enough."""
    return sum(sweep_sessions(at=scope.at))
