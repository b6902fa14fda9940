"""Writing the published copies. Called by an approval or a take-down alone; the database refuses anybody else."""

from datetime import datetime
from typing import Any
from uuid import UUID

from campaigns.approvals.models import Revision
from campaigns.lib.refs import read_ref
from campaigns.tenants.scopes import Scope
from content.models import LiveItem, LivePlacement


def publish_item(*, scope: Scope, revision: Revision) -> None:
    """Write what customers see of an item from the approved payload, in place of what was live before."""
    payload = revision.payload
    _write(
        scope,
        LiveItem,
        revision,
        {"item_id": UUID(read_ref(revision.subject).id)},
        {
            "kind": payload["kind"],
            "title": payload["title"],
            "summary": payload["summary"],
            "body": payload["body"],
            "picture": payload["picture"],
            "batch_id": UUID(payload["batch_id"]) if payload["batch_id"] else None,
        },
    )


def withdraw_item(*, scope: Scope, item_id: UUID) -> None:
    """Remove what customers see of an item."""
    LiveItem.objects.within(scope).filter(item_id=item_id).delete()


def publish_placement(*, scope: Scope, revision: Revision) -> None:
    """Fill the slot from the approved payload, in place of what was live before."""
    payload = revision.payload
    _write(
        scope,
        LivePlacement,
        revision,
        {"placement_id": UUID(read_ref(revision.subject).id)},
        {"slot": payload["slot"], "item_id": UUID(payload["item_id"]), "priority": payload["priority"]},
    )


def withdraw_placement(*, scope: Scope, placement_id: UUID) -> None:
    """Empty the place."""
    LivePlacement.objects.within(scope).filter(placement_id=placement_id).delete()


def _write(scope: Scope, model: Any, revision: Revision, key: dict[str, Any], values: dict[str, Any]) -> None:
    """One row per thing. The subject's lock is held, so nobody inserts between the two statements."""
    payload = revision.payload
    values = values | {
        "revision_id": revision.pk,
        "sha256": revision.sha256,
        "shown_from": datetime.fromisoformat(payload["shown_from"]),
        "shown_until": datetime.fromisoformat(payload["shown_until"]),
        "handed_down": payload["handed_down"],
    }
    if not model.objects.within(scope).filter(**key).update(**values):
        model.objects.create(branch_id=revision.branch_id, branch_pos=revision.branch_pos, **key, **values)
