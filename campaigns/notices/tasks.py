"""Sweeps of this room."""

from campaigns.notices import services
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="notices.sweep", system=True)
def sweep(*, scope: Scope) -> int:
    """Delete notices that were kept long enough."""
    return services.sweep(scope=scope)
