"""Questions about extensions of points."""

from uuid import UUID

from django.db.models import QuerySet

from campaigns.lib.refusals import NotFound
from campaigns.points.models import Extension
from campaigns.tenants.scopes import Scope


def extensions_within(*, scope: Scope) -> QuerySet[Extension]:
    """Which extensions were asked for in the scope's branches? Newest first."""
    return Extension.objects.within(scope).select_related("branch", "customer").order_by("-id")


def extension_in_scope(*, scope: Scope, extension_id: UUID | str) -> Extension:
    """The extension; raises NotFound for a foreign and an absent one alike."""
    found = extensions_within(scope=scope).filter(pk=extension_id).first()
    if found is None:
        raise NotFound
    return found
