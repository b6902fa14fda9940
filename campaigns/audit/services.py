"""Writing the audit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from campaigns.audit.models import Entry, SecurityRecord
from campaigns.tenants.deeds import Deed
from campaigns.tenants.scopes import Scope


def record(
    *,
    scope: Scope,
    verb: str,
    subject: str,
    subject_name: str = "",
    branch_id: int | None = None,
    branch_pos: int | None = None,
    **detail: Any,
) -> Entry:
    """Note one deed of the scope's actor, in the same transaction as the deed.

    `subject` is a reference (campaigns.lib.refs). The row belongs to `branch_id` (the thing's branch; the
    scope's own when left out). `detail` must be JSON.
    """
    return Entry.objects.create(
        branch_id=branch_id if branch_id is not None else scope.branch_id,
        branch_pos=branch_pos if branch_pos is not None else scope.branch_pos,
        at=scope.at,
        actor=scope.actor,
        actor_name=scope.facts.actor_name,
        verb=verb,
        subject=subject,
        subject_name=subject_name,
        detail=detail,
        request_id=scope.request_id,
    )


def record_many(*, scope: Scope, deeds: Sequence[Deed]) -> None:
    """Note many deeds of the scope's actor as `record` does, a thousand rows a statement."""
    Entry.objects.bulk_create(
        [
            Entry(
                branch_id=deed.branch_id,
                branch_pos=deed.branch_pos,
                at=scope.at,
                actor=scope.actor,
                actor_name=scope.facts.actor_name,
                verb=deed.verb,
                subject=deed.subject,
                subject_name=deed.subject_name,
                detail=deed.detail,
                request_id=scope.request_id,
            )
            for deed in deeds
        ],
        batch_size=1000,
    )


def record_security(
    *, kind: str, at: datetime, who: str = "", address: str | None = None, **detail: Any
) -> UUID:
    """Note something that outlives a refusal, on the second connection, at once."""
    row = SecurityRecord(kind=kind, at=at, who=who[:120], address=address or None, detail=detail)
    row.save(using="aside", force_insert=True)
    return row.pk
