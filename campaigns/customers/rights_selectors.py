"""Questions about copies and erasures."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from campaigns.customers.rights_models import DataExport, Erasure, Tombstone
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope


def erasure_waiting(*, scope: Scope, customer_id: UUID, lock: bool = False) -> Erasure | None:
    """The erasure that waits for its day, if there is one."""
    rows = Erasure.objects.filter(customer_id=customer_id, state=Erasure.State.WAITING)
    rows = rows if scope.kind == "customer" else rows.within(scope)
    if lock:
        rows = rows.select_for_update(no_key=True, of=("self",))
    found: Erasure | None = rows.first()
    return found


def copies_of(*, scope: Scope) -> QuerySet[DataExport]:
    """The copies that the customer of this scope asked for, the latest first."""
    if scope.customer_id is None:
        return DataExport.objects.none()
    return DataExport.objects.filter(customer_id=scope.customer_id).order_by("-id")


def copy_of(*, scope: Scope, export_id: UUID) -> DataExport:
    """One of them. Raises NotFound."""
    found: DataExport | None = copies_of(scope=scope).filter(pk=export_id).first()
    if found is None:
        raise NotFound
    return found


def erased_among(*, lookups: Iterable[bytes]) -> set[bytes]:
    """Which of these hashes of customer numbers belong to somebody who was erased? An import brings none of them back;
    set-based ones join `customers_tombstone` themselves.
    """
    rows = Tombstone.objects.filter(pk__in=list(lookups)).values_list("lookup", flat=True)
    return {bytes(each) for each in rows}
