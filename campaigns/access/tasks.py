"""Sweeps of this room."""

from campaigns.access.lock_out import purge_tries
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="access.purge_tries", system=True)
def purge(*, scope: Scope) -> int:
    """Delete tries to log in that count no more."""
    return purge_tries(at=scope.at)
