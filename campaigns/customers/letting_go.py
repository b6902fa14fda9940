"""What this room lets go of when its time is over (retention.py)."""

from datetime import datetime

from django.db import connections

from campaigns.customers.rights_models import DataExport, Erasure, Tombstone
from campaigns.customers.services.copies import delete_old_copies
from campaigns.tenants.scopes import Scope


def old_sessions(scope: Scope, before: datetime, many: int) -> int:
    """Log-in sessions that ran out so long ago."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT purge_refresh_sessions(%s, %s)", [before, many])
        return int(cursor.fetchone()[0])


def old_copies(scope: Scope, before: datetime, many: int) -> int:
    """Copies whose 72 hours are over; the row that there was one follows after the period."""
    delete_old_copies(scope=scope, many=many)
    rows = DataExport.objects.within(scope).filter(state=DataExport.State.GONE, asked_at__lt=before)
    return int(
        DataExport.objects.within(scope)
        .filter(pk__in=rows.order_by("id").values("pk")[:many])
        ._raw_delete(scope.using)
    )


def old_wishes(scope: Scope, before: datetime, many: int) -> int:
    """Erasures that were taken back; those carried out stay, as the proof."""
    rows = Erasure.objects.within(scope).filter(state=Erasure.State.WITHDRAWN, ended_at__lt=before)
    return int(
        Erasure.objects.within(scope)
        .filter(pk__in=rows.order_by("id").values("pk")[:many])
        ._raw_delete(scope.using)
    )


def old_tombstones(scope: Scope, before: datetime, many: int) -> int:
    """Hashes of erased numbers, when no system of the bank sends them any more."""
    rows = Tombstone.objects.filter(erased_at__lt=before).values("pk")[:many]
    return int(Tombstone.objects.filter(pk__in=rows).delete()[0])
