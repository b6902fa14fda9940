"""Published copies as an approved revision says they are: what go-live writes, and what a verification compares."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import file_digest
from typing import Any
from uuid import UUID

from campaigns.approvals.kinds import Copies
from campaigns.approvals.models import Revision
from campaigns.tenants.scopes import Scope
from content.files import there
from content.models import LiveItem, LivePlacement, Rendition
from content.pictures_frozen import frozen_in
from content.placement_terms import payload_of, whom_of

_OF_ROW = ("sha256", "name", "format")
_LATER = ("category", "link", "product_class", "product_code", "risk_level", "disclosure")


def item_columns(revision: Revision) -> dict[str, Any]:
    """The columns of an item's published copy."""
    payload = revision.payload
    return {
        "kind": payload["kind"],
        "title": payload["title"],
        "summary": payload["summary"],
        "body": payload["body"],
        "picture": payload["picture"],
        "batch_id": UUID(payload["batch_id"]) if payload["batch_id"] else None,
        "campaign_id": campaign_of(payload),
        # Frozen before there were such parts: it has none.
        "blocks": payload.get("blocks", []),
        **_handed(payload),
        **{name: payload.get(name, "") for name in _LATER},
        **_shared(revision),
    }


def _handed(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Of a local version: what it stands in for, and what it was made of."""
    handed = payload.get("handed")
    if not handed:
        return {"original_id": None, "basis_id": None, "original_sha256": ""}
    return {
        "original_id": UUID(handed["item"]),
        "basis_id": UUID(handed["basis"]),
        "original_sha256": handed["sha256"],
    }


def placement_columns(revision: Revision) -> dict[str, Any]:
    """The columns of a placement's published copy."""
    payload = revision.payload
    return {
        "slot": payload["slot"],
        "item_id": UUID(payload["item_id"]),
        "priority": payload["priority"],
        **payload_of(whom_of(payload)),
        **_shared(revision),
    }


ITEMS = Copies(LiveItem, "item_id", campaign="campaign_id")
PLACEMENTS = Copies(LivePlacement, "placement_id")


def campaign_of(payload: Mapping[str, Any]) -> UUID | None:
    """The campaign that a payload belongs to; a placement has its item's, and none of its own."""
    found = payload.get("campaign_id")
    return UUID(found) if found else None


def window_of(payload: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """When a payload is shown, UTC, the end exclusive."""
    return datetime.fromisoformat(payload["shown_from"]), datetime.fromisoformat(payload["shown_until"])


def item_differences(scope: Scope, revision: Revision) -> list[str]:
    """Columns of the copy that are not as approved, then files that are not what was seen: "poster.webp"."""
    wrong = ITEMS.differing(scope, revision, item_columns(revision))
    # A local version shows pictures of a branch above too: their rows are out of the branch's sight, not their bytes.
    is_local = "handed" in revision.payload
    return [*wrong, *_pictures(scope, frozen_in(revision.payload), may_be_above=is_local)]


def placement_differences(scope: Scope, revision: Revision) -> list[str]:
    """Columns of the copy that are not as approved."""
    return PLACEMENTS.differing(scope, revision, placement_columns(revision))


def _shared(revision: Revision) -> dict[str, Any]:
    first, last = window_of(revision.payload)
    return {
        "revision_id": revision.pk,
        "sha256": revision.sha256,
        "shown_from": first,
        "shown_until": last,
        "handed_down": revision.payload["handed_down"],
    }


def _pictures(scope: Scope, assets: Iterable[Mapping[str, Any]], *, may_be_above: bool) -> Iterator[str]:
    """Renditions whose row or whose bytes are not those that were approved."""
    frozen = [made for asset in assets for made in asset["renditions"]]
    rows = {
        str(row.pk): row for row in Rendition.objects.within(scope).filter(pk__in=[m["id"] for m in frozen])
    }
    for made in frozen:
        name = f"{made['name']}.{made['format']}"
        row = rows.get(made["id"])
        is_missing = row is None and not may_be_above
        if is_missing or (row and any(getattr(row, part) != made[part] for part in _OF_ROW)):
            yield f"{name} (row)"
        if _digest(UUID(made["id"]), made["format"]) != made["sha256"]:
            yield name


def _digest(rendition_id: UUID, format: str) -> str:
    """SHA-256 of the bytes that would be served; empty when there are none."""
    try:
        with there(rendition_id, format).open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
