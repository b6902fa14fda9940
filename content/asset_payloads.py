"""An asset as it is frozen into a revision: what is said about it, and every file with the hash of its bytes."""

from typing import Any

from campaigns.tenants.scopes import Scope
from content.models import Asset, Rendition
from content.renditions import current


def picture_of(*, asset: Asset) -> dict[str, Any]:
    """A picture as it is frozen: what is said about it, and every rendition with the hash of its bytes."""
    return {
        "asset": str(asset.pk),
        "alt": asset.alt,
        "colour": asset.colour,
        "width": asset.width,
        "height": asset.height,
        "sha256": asset.sha256,
        "renditions": [_file(made) for made in current(asset=asset)],
    }


def asset_payload(*, scope: Scope, asset: Asset) -> dict[str, Any]:
    """An asset of any kind as it is frozen: the JSON of `picture_of`, and its kind, version and values.

    `asset` (and `id`, the same) is its id. The database finds by the key `asset`, at any depth of what is published,
    which assets are in live use: a payload keeps that key. `text` is a snippet's words; `url` a link's; `app_id` and
    `path` a card's; `seconds` or `pages` a file's; `cover` the frozen picture of a video's or card's cover, or None.
    """
    shown = asset.cover if asset.cover_id else None
    if shown is not None and not scope.lo <= shown.branch_pos <= scope.hi:
        shown = None
    return {
        **picture_of(asset=asset),
        "id": str(asset.pk),
        "kind": asset.kind,
        "name": asset.name,
        "version": asset.version,
        "text": asset.text,
        **asset.details,
        "cover": picture_of(asset=shown) if shown is not None else None,
    }


def _file(made: Rendition) -> dict[str, Any]:
    return {
        "id": str(made.pk),
        "name": made.name,
        "format": made.format,
        "width": made.width,
        "height": made.height,
        "sha256": made.sha256,
    }
