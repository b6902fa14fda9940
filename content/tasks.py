"""Sweeps of this room."""

from campaigns.lib.clock import now
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.tasks import scoped_task
from content.services.asset_removals import purge_assets
from content.services.renderings import make_renditions
from content.services.stirs import forget_stirs


@scoped_task(name="content.forget_stirs", system=True)
def forget(*, scope: Scope) -> int:
    """Delete changes that every web process has heard of; how many."""
    return forget_stirs(scope=scope)


@scoped_task(name="content.render", system=True)
def render(*, scope: Scope) -> int:
    """Make the renditions that wait; how many. In scopes of its own: pixels take seconds."""
    return make_renditions(open_scope=lambda: system_scope(at=now(), cause="content.render"), clock=now)


@scoped_task(name="content.purge_assets", system=True)
def purge(*, scope: Scope) -> int:
    """Delete what was removed from libraries thirty days ago; how many files."""
    return purge_assets(scope=scope)
