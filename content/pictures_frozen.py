"""Pictures as they are frozen in a revision, and found again in it. Pure but for the asset's renditions."""

from collections.abc import Iterator, Mapping
from typing import Any

from content.models import Asset


def picture_of(*, asset: Asset) -> dict[str, Any]:
    """A picture as it is frozen: what is said about it, and every rendition with the hash of its bytes."""
    return {
        "asset": str(asset.pk),
        "alt": asset.alt,
        "colour": asset.colour,
        "width": asset.width,
        "height": asset.height,
        "sha256": asset.sha256,
        "renditions": [
            {
                "id": str(made.pk),
                "name": made.name,
                "format": made.format,
                "width": made.width,
                "height": made.height,
                "sha256": made.sha256,
            }
            for made in asset.renditions.all()
        ],
    }


def frozen_in(payload: Any) -> Iterator[Mapping[str, Any]]:
    """Every asset in a frozen payload, or in a part of one: whatever has renditions; the cover of a video after it."""
    if isinstance(payload, Mapping):
        if isinstance(payload.get("renditions"), list):
            yield payload
        for name, part in payload.items():
            if name != "renditions":
                yield from frozen_in(part)
    elif isinstance(payload, list | tuple):
        for part in payload:
            yield from frozen_in(part)
