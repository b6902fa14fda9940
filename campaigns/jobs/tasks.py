"""What workers do for this room."""

from django.conf import settings

from campaigns.jobs.services.watch import watch
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="jobs.watch", system=True)
def look(*, scope: Scope) -> list[str]:
    """Measure, keep the figures, open and close alerts; the codes of those it opened."""
    return watch(scope=scope, limits=settings.WATCH_LIMITS).opened
