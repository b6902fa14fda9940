"""What the detail panel of an asset shows: itself, its crops, its files, who shows it, what looks like it."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.lib.clock import FOREVER
from campaigns.tenants.desk import scope_of
from campaigns.tenants.scopes import Scope
from content.addresses import staff_address
from content.asset_models import SINCE_EVER
from content.asset_selectors import SOON, former_versions, look_alikes, uses_of, work_left
from content.models import Asset, Rendition
from content.pictures import LATER, RENDITIONS
from content.renditions import current, is_cropped

_ICONS = {
    Asset.Kind.VIDEO: "movie",
    Asset.Kind.AUDIO: "music_note",
    Asset.Kind.PDF: "picture_as_pdf",
    Asset.Kind.TEXT: "notes",
    Asset.Kind.LINK: "link",
    Asset.Kind.CARD: "apps",
}
# Crops as they are drawn beside the picture while the point is moved.
_CROPS = [size for size in RENDITIONS if is_cropped(name=size.name)]
_WHY = {size.name: size.why for size in (*RENDITIONS, *LATER)}


def show(asset: Any, scope: Scope) -> Any:
    """Give the asset what its tile shows: addresses, an icon, its moments in words. Renditions were prefetched."""
    asset.shown = [_addressed(made, scope) for made in current(asset=asset)]
    by_name = {made.name: made.url for made in asset.shown}
    asset.thumb, asset.desk = by_name.get("thumb", ""), by_name.get("desk", "")
    asset.original = by_name.get("original", "")
    asset.icon = _ICONS.get(asset.kind, "")
    asset.lasts = duration(asset.details.get("seconds"))
    asset.rights_over = asset.rights_until <= scope.at or asset.rights_from > scope.at
    asset.has_end = asset.rights_until < FOREVER
    asset.has_beginning = asset.rights_from > SINCE_EVER
    asset.ends_soon = scope.at < asset.rights_until <= scope.at + SOON
    return asset


def duration(seconds: int | None) -> str:
    """A length of time as players write it: "1:05"."""
    return f"{seconds // 60}:{seconds % 60:02}" if seconds else ""


def panel_context(
    request: HttpRequest, asset: Asset, *, may_change: bool, may_remove: bool
) -> dict[str, Any]:
    """Everything the panel's template is given."""
    scope = scope_of(request)
    shown: Any = show(asset, scope)
    work = work_left(scope=scope, asset=asset)
    made = {each.name for each in shown.shown}
    alike = look_alikes(scope=scope, asset=asset)
    return {
        "asset": shown,
        "crops": [
            {"name": size.name, "width": size.width, "height": size.height, "label": crop_name(size.name)}
            for size in _CROPS
        ],
        "cover": show(asset.cover, scope) if asset.cover else None,
        "waiting": [size.name for size in LATER if size.name not in made] if work else [],
        "work": work,
        "uses": [
            {"use": use, "url": reverse("admin:content_item_change", args=[use.item_id])}
            for use in uses_of(scope=scope, asset=asset)
        ],
        "alike": [show(one, scope) for one in alike],
        "versions": [_addressed(row, scope) for row in former_versions(scope=scope, asset=asset)],
        "may_change": may_change and asset.retired_at is None,
        "may_remove": may_remove,
    }


def crop_name(name: str) -> str:
    """What people call a crop."""
    return {"thumb": _("Thumbnail 1:1"), "banner": _("Banner 750×340"), "share": _("Share card 5:4")}[name]


def _addressed(made: Rendition, scope: Scope) -> Any:
    shown: Any = made
    shown.url = staff_address(scope=scope, rendition_id=made.pk)
    shown.why = _WHY.get(made.name, "")
    return shown
