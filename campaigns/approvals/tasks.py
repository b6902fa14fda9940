"""Sweeps of this room."""

from campaigns.approvals.kinds import kinds
from campaigns.approvals.services.schedule import lay_missing
from campaigns.approvals.services.verification import verify_published
from campaigns.lib.clock import now
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="approvals.keep_times", system=True)
def keep_times(*, scope: Scope) -> int:
    """Lay due rows that are missing: what waits for its time, what ends, what goes up. How many there were."""
    return lay_missing(scope=scope)


@scoped_task(name="approvals.verify", system=True)
def verify(*, scope: Scope) -> int:
    """Compare everything that is served with what was approved; how much of it is not."""
    return verify_published(
        kinds=kinds(), open_scope=lambda: system_scope(at=now(), cause="approvals.verify"), clock=now
    ).failed
