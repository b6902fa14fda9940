"""Writing the published copies. Called by an approval or a take-down alone; the database refuses anybody else."""

from typing import Any
from uuid import UUID

from campaigns.approvals.models import Revision
from campaigns.lib.refs import read_ref
from campaigns.tenants.scopes import Scope
from content.copies import item_columns, placement_columns
from content.models import LiveItem, LivePlacement
from content.services.local_news import lay_change


def publish_item(*, scope: Scope, revision: Revision) -> None:
    """Write what customers see of an item from the approved payload, in place of what was live before."""
    item_id = UUID(read_ref(revision.subject).id)
    _write(scope, LiveItem, revision, {"item_id": item_id}, item_columns(revision))
    if revision.payload.get("open"):
        lay_change(scope=scope, item_id=item_id, revision=revision)


def withdraw_item(*, scope: Scope, item_id: UUID) -> None:
    """Remove what customers see of an item."""
    LiveItem.objects.within(scope).filter(item_id=item_id).delete()


def publish_placement(*, scope: Scope, revision: Revision) -> None:
    """Fill the slot from the approved payload, in place of what was live before."""
    key = {"placement_id": UUID(read_ref(revision.subject).id)}
    _write(scope, LivePlacement, revision, key, placement_columns(revision))


def withdraw_placement(*, scope: Scope, placement_id: UUID) -> None:
    """Empty the place."""
    LivePlacement.objects.within(scope).filter(placement_id=placement_id).delete()


def _write(scope: Scope, model: Any, revision: Revision, key: dict[str, Any], values: dict[str, Any]) -> None:
    """One row per thing. The subject's lock is held, so nobody inserts between the two statements."""
    if not model.objects.within(scope).filter(**key).update(**values):
        model.objects.create(branch_id=revision.branch_id, branch_pos=revision.branch_pos, **key, **values)
