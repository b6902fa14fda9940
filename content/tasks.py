"""Sweeps of this room."""

from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task
from content.services.stirs import forget_stirs


@scoped_task(name="content.forget_stirs", system=True)
def forget(*, scope: Scope) -> int:
    """Delete changes that every web process has heard of; how many."""
    return forget_stirs(scope=scope)
