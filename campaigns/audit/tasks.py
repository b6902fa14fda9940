"""Sweeps of this room."""

from django.conf import settings

from campaigns.audit.services import seal_audit
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="audit.seal", system=True)
def seal(*, scope: Scope) -> int:
    """Close what was written since the last time."""
    return len(seal_audit(scope=scope, head_file=settings.AUDIT_HEAD))
