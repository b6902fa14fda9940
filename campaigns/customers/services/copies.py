"""A copy of everything that is known of a customer: asked for, made, fetched over an address good for once."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce

from campaigns.audit.services import record
from campaigns.customers.consent_refusals import ExportGone, ExportNotReady, ExportWaits
from campaigns.customers.consent_selectors import customer_within
from campaigns.customers.copy_files import packed_up, path_of
from campaigns.customers.models import CustomerKey
from campaigns.customers.rights_models import DataExport
from campaigns.customers.rights_selectors import copy_of
from campaigns.customers.scopes import on_behalf
from campaigns.customers.steps import told_by
from campaigns.jobs.due_models import Due
from campaigns.jobs.services.due import lay
from campaigns.lib import crypto
from campaigns.lib.refs import read_ref, ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope

WRITE = "customers.write_copy"
KEPT = timedelta(hours=72)
State = DataExport.State
_ONE_IS_OPEN = "customers_dataexport_one_is_open"


def ask_for_copy(*, scope: Scope) -> DataExport:
    """The customer of this scope wants a copy; a worker makes it. Raises ExportWaits while one is open."""
    if scope.customer_id is None:
        raise NotFound
    with on_behalf(scope) as system:
        customer = customer_within(scope=system, customer_id=scope.customer_id)
        place: dict[str, Any] = {"branch_id": customer.branch_id, "branch_pos": customer.branch_pos}
        # What nobody fetched in time stands in nobody's way, also when the sweep has not come by.
        own = DataExport.objects.within(system).filter(customer=customer)
        _delete(system, own.filter(state=State.READY, gone_at__lte=system.at))
        try:
            with transaction.atomic(using=system.using):
                made: DataExport = DataExport.objects.create(customer=customer, asked_at=system.at, **place)
        except IntegrityError as error:
            if _ONE_IS_OPEN in str(error):
                raise ExportWaits from error
            raise
        subject = ref("customers.dataexport", made.pk)
        lay(scope=system, kind=WRITE, subject=subject, at=system.at, **place)
        record(
            scope=system,
            verb="customers.dataexport.ask",
            subject=ref("customers.customer", customer.pk),
            subject_name=str(customer),
            **place,
        )
        return made


def write_copy(*, scope: Scope, due: Due) -> None:
    """Ask every room, and keep the answer sealed under the person's key. Who was erased meanwhile has no key."""
    export_id = UUID(read_ref(due.subject).id)
    rows = DataExport.objects.within(scope).filter(pk=export_id, state=State.WAITING)
    export = rows.select_for_update(no_key=True, of=("self",)).first()
    if export is None:
        return
    stored = CustomerKey.objects.within(scope).filter(customer_id=export.customer_id).first()
    if stored is None:
        rows.update(state=State.GONE, gone_at=scope.at)
        return
    told: dict[str, list[Mapping[str, Any]]] = {}
    for step in told_by():
        for table, row in step.act(scope=scope, customer_id=export.customer_id):
            told.setdefault(table, []).append(row)
    packed = packed_up(told)
    key = crypto.unwrap_key(bytes(stored.wrapped), person=export.customer_id)
    path = path_of(export.pk)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    draft = path.with_suffix(".part")
    draft.write_bytes(crypto.seal_bytes(packed, key=key, place=_place(export)))
    draft.replace(path)
    rows.update(state=State.READY, ready_at=scope.at, gone_at=scope.at + KEPT, size=len(packed))


def hand_out_address(*, scope: Scope, export_id: UUID) -> str:
    """The token of an address at which the customer of this scope may fetch the copy once; earlier ones are void.

    Raises NotFound, ExportNotReady, ExportGone.
    """
    export = copy_of(scope=scope, export_id=export_id)
    if export.state == State.WAITING:
        raise ExportNotReady
    token = secrets.token_urlsafe(32)
    with on_behalf(scope) as system:
        ready = DataExport.objects.within(system).filter(
            pk=export_id, customer_id=export.customer_id, state=State.READY, gone_at__gt=system.at
        )
        if not ready.update(token_hash=_hash_of(token)):
            raise ExportGone
    return token


def fetch_copy(*, scope: Scope, export_id: UUID, token: str) -> bytes:
    """The zip, for the customer of this scope; the address is used up. Raises NotFound, ExportGone."""
    export = copy_of(scope=scope, export_id=export_id)
    with on_behalf(scope) as system:
        good = DataExport.objects.within(system).filter(
            pk=export_id,
            customer_id=export.customer_id,
            state=State.READY,
            gone_at__gt=system.at,
            token_hash=_hash_of(token),
        )
        if not good.update(token_hash=None, fetched_at=system.at):
            raise ExportGone
        stored = CustomerKey.objects.within(system).filter(customer_id=export.customer_id).first()
        try:
            sealed = path_of(export.pk).read_bytes()
            key = crypto.unwrap_key(bytes(stored.wrapped) if stored else b"", person=export.customer_id)
            packed = crypto.unseal_bytes(sealed, key=key, place=_place(export))
        except (FileNotFoundError, crypto.Unreadable) as gone:
            raise ExportGone from gone
        record(
            scope=system,
            verb="customers.dataexport.fetch",
            subject=ref("customers.customer", export.customer_id),
            branch_id=export.branch_id,
            branch_pos=export.branch_pos,
        )
        return packed


def delete_old_copies(*, scope: Scope, many: int = 500) -> int:
    """Delete copies whose 72 hours are over; how many. Safe side by side."""
    scope.demand("customers.dataexport.delete")
    over = DataExport.objects.within(scope).filter(state=State.READY, gone_at__lte=scope.at)
    return _delete(scope, over.order_by("gone_at")[:many])


def delete_copies(*, scope: Scope, customer_ids: Iterable[UUID]) -> int:
    """Delete every copy of these customers; how many."""
    rows = DataExport.objects.within(scope).filter(customer_id__in=list(customer_ids))
    return _delete(scope, rows.exclude(state=State.GONE))


def _delete(scope: Scope, rows: Any) -> int:
    ids = list(rows.values_list("pk", flat=True))
    for each in ids:
        path_of(each).unlink(missing_ok=True)
    gone = DataExport.objects.within(scope).filter(pk__in=ids).exclude(state=State.GONE)
    return int(
        gone.update(state=State.GONE, token_hash=None, gone_at=Coalesce(F("gone_at"), Value(scope.at)))
    )


def _place(export: DataExport) -> str:
    return crypto.place_of(
        person=export.customer_id, table="customers_dataexport", row=export.pk, column="file"
    )


def _hash_of(token: str) -> bytes:
    # 256 random bits need no salt and no slow hash.
    return hashlib.sha256(token.encode()).digest()
