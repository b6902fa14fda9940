"""What an asset consists of, and which part of a picture its crops show. What is live keeps what was approved.

A new version or crop is a new set of files beside the old one. Drafts show it at once; customers do when the item that
shows it has passed a review of its own. Nothing that was approved is ever overwritten.
"""

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO
from uuid import UUID

from django.db import IntegrityError, transaction

from campaigns.audit.services import record
from campaigns.lib.constraints import violated
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope
from content.asset_files import fill_from_file, made_of, store_files
from content.asset_rules import (
    FocalPointIsOutside,
    NoFocalPoint,
    OtherKind,
    SameAsNow,
    clean_card,
    clean_link,
    clean_text,
    hash_of_values,
    search_words,
)
from content.asset_selectors import original_of
from content.files import read_file
from content.models import Asset, Rendition
from content.pictures import RENDITIONS, read_picture, render_named
from content.renditions import is_cropped
from content.rules import AssetIsThere
from content.selectors import asset_in_scope
from content.services.renderings import OURS, lay_work

_CONTENT = ["sha256", "width", "height", "colour", "look", "details", "text", "findable", "version", "take"]


def replace_file(*, scope: Scope, asset_id: UUID, raw: bytes | BinaryIO) -> Asset:
    """Let the asset be what this file holds, as its next version. The focal point stays.

    Raises NotFound, OtherKind, SameAsNow, AssetIsThere, or a refusal `content.picture.*` or `content.file.*`.
    """
    scope.demand("content.asset.change")
    asset = _locked(scope, asset_id)
    kind, digest = asset.kind, asset.sha256
    with NamedTemporaryFile() as kept:
        made = fill_from_file(asset, raw, Path(kept.name))
        if asset.kind != kind:
            raise OtherKind(kind=Asset.Kind(kind).label)
        _next(asset, digest)
        _save(scope, asset)
        store_files(asset, made)
    if asset.is_picture:
        lay_work(scope=scope, asset=asset)
    _note(scope, asset, "content.asset.replace")
    return asset


def change_values(
    *, scope: Scope, asset_id: UUID, text: str = "", url: str = "", app_id: str = "", path: str = ""
) -> Asset:
    """Let a text, link or card say this, as its next version.

    Raises NotFound, OtherKind, SameAsNow, AssetIsThere, TextIsMissing, AddressIsUnsafe, CardIsIncomplete.
    """
    scope.demand("content.asset.change")
    asset = _locked(scope, asset_id)
    digest = asset.sha256
    if asset.kind == Asset.Kind.TEXT:
        asset.text = clean_text(text=text)
    elif asset.kind == Asset.Kind.LINK:
        asset.details = clean_link(url=url)
    elif asset.kind == Asset.Kind.CARD:
        asset.details = clean_card(app_id=app_id, path=path)
    else:
        raise OtherKind(kind=Asset.Kind(asset.kind).label)
    asset.sha256 = hash_of_values(kind=asset.kind, text=asset.text, details=asset.details)
    _next(asset, digest)
    _save(scope, asset)
    _note(scope, asset, "content.asset.replace")
    return asset


def set_focal_point(*, scope: Scope, asset_id: UUID, x: int, y: int) -> Asset:
    """Cut the picture's crops around this point, thousandths of width and height from the top left.

    Raises NotFound, NoFocalPoint, FocalPointIsOutside. The same point again changes nothing.
    """
    scope.demand("content.asset.change")
    if not (0 <= x <= 1000 and 0 <= y <= 1000):
        raise FocalPointIsOutside
    asset = _locked(scope, asset_id)
    if not asset.is_picture:
        raise NoFocalPoint
    if (asset.focal_x, asset.focal_y) == (x, y):
        return asset
    source = original_of(asset=asset)
    assert source is not None  # a picture has one
    picture = read_picture(read_file(source.pk, source.format), limits=OURS)
    asset.focal_x, asset.focal_y = x, y
    last = Rendition.objects.filter(asset=asset, version=asset.version).order_by("-take").first()
    asset.take = (last.take if last else asset.take) + 1
    asset.save(update_fields=["focal_x", "focal_y", "take"])
    focal = (x / 1000, y / 1000)
    names = [size.name for size in RENDITIONS if is_cropped(name=size.name)]
    store_files(asset, [made_of(render_named(picture, name=name, focal=focal)) for name in names])
    lay_work(scope=scope, asset=asset)
    _note(scope, asset, "content.asset.crop")
    return asset


def _locked(scope: Scope, asset_id: UUID) -> Asset:
    asset_in_scope(scope=scope, asset_id=asset_id)
    locked: Asset = Asset.objects.within(scope).select_for_update(of=("self",), no_key=True).get(pk=asset_id)
    return locked


def _next(asset: Asset, digest: str) -> None:
    if asset.sha256 == digest:
        raise SameAsNow
    asset.version, asset.take = asset.version + 1, 0
    asset.findable = search_words(
        tags=asset.tags, text=asset.text, details=asset.details, note=asset.rights_note
    )


def _save(scope: Scope, asset: Asset) -> None:
    try:
        with transaction.atomic():
            asset.save(update_fields=_CONTENT)
    except IntegrityError as error:
        if violated(error) == "content_asset_picture_is_unique_in_its_branch":
            there = Asset.objects.within(scope).filter(branch_id=asset.branch_id, sha256=asset.sha256).first()
            raise AssetIsThere(name=there.name if there else asset.name) from error
        raise


def _note(scope: Scope, asset: Asset, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("content.asset", asset.pk),
        subject_name=asset.name,
        branch_id=asset.branch_id,
        branch_pos=asset.branch_pos,
        version=asset.version,
    )
