"""Taking things into the library, and saying what they are."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import EllipsisType
from typing import Any, BinaryIO
from uuid import UUID

from django.db import IntegrityError, transaction

from campaigns.audit.services import record
from campaigns.lib.clock import FOREVER
from campaigns.lib.constraints import violated
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope
from content.asset_files import Made, fill_from_file, store_files
from content.asset_rules import (
    CoverIsNoPicture,
    FolderIsElsewhere,
    check_rights,
    clean_card,
    clean_link,
    clean_tags,
    clean_text,
    hash_of_values,
    search_words,
)
from content.asset_selectors import folder_in_scope
from content.models import Asset, Folder
from content.rules import AssetIsThere, check_title
from content.selectors import asset_in_scope
from content.services.asset_removals import restore_asset
from content.services.asset_warnings import lay_warnings
from content.services.renderings import lay_work
from content.services.uses import using_assets

_SAID = [
    *("name", "alt", "rights_from", "rights_until", "rights_note", "tags", "folder", "cover", "findable")
]
_TWIN = "content_asset_picture_is_unique_in_its_branch"


def add_asset(
    *,
    scope: Scope,
    raw: bytes | BinaryIO,
    name: str,
    alt: str = "",
    rights_until: datetime = FOREVER,
    folder_id: UUID | None = None,
    tags: Sequence[str] = (),
) -> Asset:
    """Take a picture, video, sound or PDF into the library of the branch the scope stands at.

    Which it is its content says. Nothing of an upload is kept but pixels, samples or pages; a picture comes with its
    first renditions, the others follow (`content.services.renderings`). Raises a refusal `content.picture.*` or
    `content.file.*` for what is no sound file, AssetIsThere for one that the branch has; then nothing is stored. What
    was removed and comes again is restored.
    """
    scope.demand("content.asset.add")
    asset = _new(scope, name=name, alt=alt, rights_until=rights_until)
    asset.folder, asset.tags = _folder(scope, folder_id, scope.branch_id), clean_tags(tags=tags)
    with NamedTemporaryFile() as kept:
        made = fill_from_file(asset, raw, Path(kept.name))
        there = _twin(scope, asset)
        if there is not None:
            return there
        _store(scope, asset, made)
    _note(scope, asset, "content.asset.add")
    return asset


def add_text(*, scope: Scope, name: str, text: str, tags: Sequence[str] = ()) -> Asset:
    """Take a snippet of words into the library. Raises TitleIsMissing, TextIsMissing, AssetIsThere."""
    return _add_values(scope, Asset.Kind.TEXT, name, clean_text(text=text), {}, tags)


def add_link(*, scope: Scope, name: str, url: str, tags: Sequence[str] = ()) -> Asset:
    """Take a link into the library. Raises TitleIsMissing, AddressIsUnsafe, AssetIsThere."""
    return _add_values(scope, Asset.Kind.LINK, name, "", clean_link(url=url), tags)


def add_card(*, scope: Scope, name: str, app_id: str, path: str, tags: Sequence[str] = ()) -> Asset:
    """Take a mini-program card into the library. Raises TitleIsMissing, CardIsIncomplete, AssetIsThere."""
    return _add_values(scope, Asset.Kind.CARD, name, "", clean_card(app_id=app_id, path=path), tags)


def change_asset(
    *,
    scope: Scope,
    asset_id: UUID,
    name: str,
    alt: str,
    rights_until: datetime,
    rights_from: datetime | None = None,
    rights_note: str | None = None,
    tags: Sequence[str] | None = None,
    folder_id: UUID | EllipsisType | None = ...,
    cover_id: UUID | EllipsisType | None = ...,
) -> Asset:
    """Change what is said about an asset; its content never changes here.

    None leaves `rights_from`, `rights_note` and `tags` as they are, an ellipsis the folder and the cover, which is the
    picture that stands for a video, sound or card until it is opened. Whoever shows the asset shows the words that were
    approved; the rights hold at once. Raises NotFound, TitleIsMissing, RightsAreBackward, TooManyTags,
    FolderIsElsewhere, CoverIsNoPicture; AssetIsGone when the cover is removed meanwhile.
    """
    scope.demand("content.asset.change")
    asset = asset_in_scope(scope=scope, asset_id=asset_id)
    begins = asset.rights_from if rights_from is None else rights_from
    check_rights(rights_from=begins, rights_until=rights_until)
    asset.name, asset.alt = check_title(title=name), alt.strip()
    asset.rights_from, asset.rights_until = begins, rights_until
    asset.rights_note = asset.rights_note if rights_note is None else rights_note.strip()
    asset.tags = asset.tags if tags is None else clean_tags(tags=tags)
    if not isinstance(folder_id, EllipsisType):
        asset.folder = _folder(scope, folder_id, asset.branch_id)
    if not isinstance(cover_id, EllipsisType):
        asset.cover = _cover(scope, asset, cover_id)
    asset.findable = _words(asset)
    with using_assets():
        asset.save(update_fields=_SAID)
    lay_warnings(scope=scope, asset=asset)
    _note(scope, asset, "content.asset.change")
    return asset


def move_asset(
    *, scope: Scope, asset_id: UUID, folder_id: UUID | EllipsisType | None = ..., tags: Sequence[str] = ()
) -> Asset:
    """Put an asset into a folder of its branch (None: into none), and more tags on it. For many at once.

    Raises NotFound, FolderIsElsewhere, TooManyTags.
    """
    scope.demand("content.asset.change")
    asset = asset_in_scope(scope=scope, asset_id=asset_id)
    if not isinstance(folder_id, EllipsisType):
        asset.folder = _folder(scope, folder_id, asset.branch_id)
    asset.tags = clean_tags(tags=[*asset.tags, *tags])
    asset.findable = _words(asset)
    asset.save(update_fields=["folder", "tags", "findable"])
    _note(scope, asset, "content.asset.move")
    return asset


def _folder(scope: Scope, folder_id: UUID | None, branch_id: int) -> Folder | None:
    if folder_id is None:
        return None
    folder = folder_in_scope(scope=scope, folder_id=folder_id)
    if folder.branch_id != branch_id:
        raise FolderIsElsewhere
    return folder


def _cover(scope: Scope, asset: Asset, cover_id: UUID | None) -> Asset | None:
    if cover_id is None:
        return None
    if cover_id == asset.cover_id:
        return asset.cover
    cover = asset_in_scope(scope=scope, asset_id=cover_id)
    if asset.is_picture or not cover.is_picture or cover.retired_at is not None:
        raise CoverIsNoPicture
    return cover


def _new(scope: Scope, *, name: str, alt: str = "", rights_until: datetime = FOREVER) -> Asset:
    return Asset(
        branch_id=scope.branch_id,
        branch_pos=scope.branch_pos,
        name=check_title(title=name)[:120],
        alt=alt.strip(),
        width=0,
        height=0,
        colour="",
        rights_until=rights_until,
        owner_id=scope.person_id,
        added_at=scope.at,
        added_by=scope.facts.actor_name,
    )


def _add_values(
    scope: Scope, kind: str, name: str, text: str, details: dict[str, Any], tags: Sequence[str]
) -> Asset:
    scope.demand("content.asset.add")
    asset = _new(scope, name=name)
    asset.kind, asset.text, asset.details, asset.tags = kind, text, details, clean_tags(tags=tags)
    asset.sha256 = hash_of_values(kind=kind, text=text, details=details)
    there = _twin(scope, asset)
    if there is not None:
        return there
    _store(scope, asset, [])
    _note(scope, asset, "content.asset.add")
    return asset


def _twin(scope: Scope, asset: Asset) -> Asset | None:
    """The one that was removed, restored; raises AssetIsThere for one that was not."""
    there = Asset.objects.filter(branch_id=asset.branch_id, sha256=asset.sha256).first()
    if there is None:
        return None
    if there.retired_at is None:
        raise AssetIsThere(name=there.name, asset=str(there.pk))
    return restore_asset(scope=scope, asset_id=there.pk)


def _store(scope: Scope, asset: Asset, made: list[Made]) -> None:
    asset.findable = _words(asset)
    try:
        with transaction.atomic():
            asset.save(force_insert=True)
            store_files(asset, made)
    except IntegrityError as error:
        # Twins uploaded at once; the constraint decides.
        if violated(error) == _TWIN:
            raise AssetIsThere(name=asset.name) from error
        raise
    if asset.is_picture:
        lay_work(scope=scope, asset=asset)
    lay_warnings(scope=scope, asset=asset)


def _words(asset: Asset) -> str:
    return search_words(tags=asset.tags, text=asset.text, details=asset.details, note=asset.rights_note)


def _note(scope: Scope, asset: Asset, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("content.asset", asset.pk),
        subject_name=asset.name,
        branch_id=asset.branch_id,
        branch_pos=asset.branch_pos,
    )
