"""The part of a block that is a thing of the library."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope
from content.blocks.assets import asset_kind, asset_of, frozen_asset
from content.blocks.parts import Part, Sight, Wrong
from content.models import Asset


@dataclass(frozen=True, slots=True)
class OneAsset(Part):
    """One thing of the library, of a kind: "picture" or "video"."""

    kind: str = "picture"

    def read(self, scope: Scope, value: Any, kept: Any) -> str:
        if not value:
            return ""
        try:
            asset_id = UUID(str(value))
        except ValueError:
            raise Wrong("请从素材库选择", "choose it from the library") from None
        if str(asset_id) == kept:
            return str(asset_id)
        try:
            asset = asset_of(scope=scope, asset_id=asset_id)
        except NotFound:
            raise Wrong("素材库里没有它", "it is not in the library") from None
        if asset.retired_at is not None:
            raise Wrong("它已从素材库移除", "it was removed from the library")
        if asset_kind(asset) != self.kind:
            raise Wrong("这种素材不能放在这里", "material of this kind does not go here")
        return str(asset_id)

    def lacks(self, scope: Scope, value: Any, shown_from: datetime) -> str:
        if not value:
            return gettext("it is empty") if self.needed else ""
        try:
            asset = asset_of(scope=scope, asset_id=UUID(value))
        except NotFound:
            return gettext("what was chosen is no longer in the library")
        return what_asset_lacks(asset, max(scope.at, shown_from))

    def freeze(self, scope: Scope, value: Any) -> Any:
        if not value:
            return None
        try:
            return frozen_asset(scope=scope, asset=asset_of(scope=scope, asset_id=UUID(value)))
        except NotFound:
            # Said by `lacks`: a draft is drawn on the phone before it can be submitted.
            return None

    def thaw(self, value: Any) -> str:
        return str(value["asset"]) if value else ""

    def says(self, scope: Scope, frozen: Any) -> str:
        return str(frozen["sha256"][:12]) if frozen else ""

    def shows(self, sight: Sight, frozen: Any) -> Any:
        if not frozen:
            return None
        told = {key: frozen[key] for key in _TOLD if key in frozen}
        return {**told, "urls": sight.addresses(frozen)}


# What customers are told of an asset; hashes and ids of renditions are not among it.
_TOLD = ("alt", "colour", "width", "height", "seconds")


def what_asset_lacks(asset: Asset, at: datetime) -> str:
    """In the reader's language; empty when it may be shown from this moment on."""
    if not asset.alt:
        return gettext("it has no description for people who cannot see it")
    if asset.rights_until <= at:
        return gettext("the rights in it have ended")
    return ""
