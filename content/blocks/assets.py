"""How blocks reach the library. All that blocks know of assets is in this file."""

from typing import Any
from uuid import UUID

from campaigns.tenants.scopes import Scope
from content.asset_payloads import asset_payload
from content.models import Asset
from content.selectors import asset_in_scope


def asset_of(*, scope: Scope, asset_id: UUID) -> Asset:
    """The asset; raises NotFound."""
    return asset_in_scope(scope=scope, asset_id=asset_id)


def asset_kind(asset: Asset) -> str:
    """ "picture", "video" and so on."""
    return str(asset.kind)


def frozen_asset(*, scope: Scope, asset: Asset) -> dict[str, Any]:
    """What is frozen of it: `alt`, `sha256`, `renditions` with the hash of each one's bytes."""
    return asset_payload(scope=scope, asset=asset)
