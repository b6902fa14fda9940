"""Sweeps of this room."""

from campaigns.requests.services import purge_keys
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="requests.purge", system=True)
def purge(*, scope: Scope) -> int:
    """Delete request keys that were kept long enough."""
    return purge_keys(scope=scope, at=scope.at)
