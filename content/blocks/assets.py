"""How blocks reach the library. All that blocks know of assets is in this file."""

from typing import Any
from uuid import UUID

from django.db.models import Q

from campaigns.tenants.scopes import Scope
from content.models import Asset
from content.pictures_frozen import picture_of
from content.selectors import asset_in_scope, assets_within


def asset_of(*, scope: Scope, asset_id: UUID) -> Asset:
    """The asset; raises NotFound."""
    return asset_in_scope(scope=scope, asset_id=asset_id)


def asset_kind(asset: Asset) -> str:
    """ "picture", "video" and so on; before there were kinds, everything was a picture."""
    return str(getattr(asset, "kind", "picture"))


def frozen_asset(*, scope: Scope, asset: Asset) -> dict[str, Any]:
    """What is frozen of it: `alt`, `sha256`, `renditions` with the hash of each one's bytes."""
    return picture_of(asset=asset)


def assets_offered(*, scope: Scope, kind: str, many: int) -> list[Asset]:
    """What a block may show, the newest first, with renditions."""
    rows = assets_within(scope=scope)
    if hasattr(Asset, "kind"):
        rows = rows.filter(Q(("kind", kind)))
    elif kind != "picture":
        return []
    return list(rows.prefetch_related("renditions")[:many])
