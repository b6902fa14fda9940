"""Folders of a branch's library."""

from uuid import UUID

from django.db import IntegrityError, transaction

from campaigns.audit.services import record
from campaigns.lib.constraints import violated
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope
from content.asset_rules import (
    FOLDER_DEPTH,
    FolderIsElsewhere,
    FolderIsNotEmpty,
    FolderIsThere,
    FolderIsTooDeep,
)
from content.asset_selectors import folder_in_scope
from content.models import Asset, Folder
from content.rules import check_title

_ONCE = "content_folder_name_is_unique_beside_its_siblings"


def add_folder(*, scope: Scope, name: str, parent_id: UUID | None = None) -> Folder:
    """A folder of the branch the scope stands at, inside another one of it or at the top.

    Raises TitleIsMissing, NotFound, FolderIsElsewhere, FolderIsTooDeep, FolderIsThere.
    """
    scope.demand("content.asset.change")
    parent = folder_in_scope(scope=scope, folder_id=parent_id) if parent_id else None
    if parent is not None and parent.branch_id != scope.branch_id:
        raise FolderIsElsewhere
    depth, above = 1, parent
    while above is not None:
        depth, above = depth + 1, above.parent
        if depth > FOLDER_DEPTH:
            raise FolderIsTooDeep(most=FOLDER_DEPTH)
    folder = Folder(
        branch_id=scope.branch_id,
        branch_pos=scope.branch_pos,
        name=check_title(title=name)[:40],
        parent=parent,
    )
    _save(folder)
    _note(scope, folder, "content.folder.add")
    return folder


def rename_folder(*, scope: Scope, folder_id: UUID, name: str) -> Folder:
    """Call it something else. Raises NotFound, TitleIsMissing, FolderIsThere."""
    scope.demand("content.asset.change")
    folder = folder_in_scope(scope=scope, folder_id=folder_id)
    folder.name = check_title(title=name)[:40]
    _save(folder)
    _note(scope, folder, "content.folder.rename")
    return folder


def remove_folder(*, scope: Scope, folder_id: UUID) -> None:
    """Delete an empty folder. What was removed from the library leaves it. Raises NotFound, FolderIsNotEmpty."""
    scope.demand("content.asset.change")
    folder = folder_in_scope(scope=scope, folder_id=folder_id)
    Asset.objects.within(scope).filter(folder=folder).exclude(retired_at=None).update(folder=None)
    if folder.assets.exists() or folder.children.exists():
        raise FolderIsNotEmpty(name=folder.name)
    _note(scope, folder, "content.folder.delete")
    folder.delete()


def _save(folder: Folder) -> None:
    try:
        with transaction.atomic():
            folder.save()
    except IntegrityError as error:
        if violated(error) == _ONCE:
            raise FolderIsThere(name=folder.name) from error
        raise


def _note(scope: Scope, folder: Folder, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("content.folder", folder.pk),
        subject_name=folder.name,
        branch_id=folder.branch_id,
        branch_pos=folder.branch_pos,
    )
