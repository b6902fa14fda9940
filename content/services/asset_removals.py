"""Taking assets out of the library, and back within thirty days."""

from uuid import UUID

from django.db import IntegrityError, connections, transaction

from campaigns.audit.services import record
from campaigns.lib.constraints import violated
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope
from content import files
from content.asset_rules import AssetIsInUse
from content.asset_selectors import uses_of
from content.models import Asset
from content.selectors import asset_in_scope


def remove_asset(*, scope: Scope, asset_id: UUID) -> Asset:
    """Take an asset out of the library. For thirty days it can be restored; then it is gone, unless a review shows it.

    Raises NotFound, AssetIsInUse: the database keeps what is live, in review, in a draft, or a cover.
    """
    scope.demand("content.asset.remove")
    asset = asset_in_scope(scope=scope, asset_id=asset_id)
    try:
        with transaction.atomic():
            Asset.objects.within(scope).filter(pk=asset.pk, retired_at=None).update(retired_at=scope.at)
    except IntegrityError as error:
        if violated(error).startswith("content_asset_") and violated(error).endswith("_is_kept"):
            raise AssetIsInUse(where="、".join(_titles(scope, asset)) or "—") from error
        raise
    asset.refresh_from_db()
    _note(scope, asset, "content.asset.remove")
    return asset


def restore_asset(*, scope: Scope, asset_id: UUID) -> Asset:
    """Put an asset back that was removed, with its cover. Raises NotFound, also for one that is deleted meanwhile."""
    scope.demand("content.asset.remove")
    asset = asset_in_scope(scope=scope, asset_id=asset_id)
    if asset.cover is not None and asset.cover.retired_at is not None:
        restore_asset(scope=scope, asset_id=asset.cover.pk)
    if not Asset.objects.within(scope).filter(pk=asset.pk).update(retired_at=None):
        raise NotFound
    asset.retired_at = None
    _note(scope, asset, "content.asset.restore")
    return asset


def purge_assets(*, scope: Scope, at_most: int = 200) -> int:
    """Delete what was removed thirty days ago and no review ever showed, with its files. How many files. Safe twice."""
    scope.demand("content.asset.purge")
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT rendition_id, format FROM purge_assets(%s)", [at_most])
        gone = [(key, format) for key, format in cursor.fetchall()]
    if gone:
        transaction.on_commit(lambda: files.forget(gone), using=scope.using, robust=True)
        record(scope=scope, verb="content.asset.purge", subject=ref("content.asset", "*"), files=len(gone))
    return len(gone)


def _titles(scope: Scope, asset: Asset) -> list[str]:
    return list(dict.fromkeys(use.title for use in uses_of(scope=scope, asset=asset)))[:5]


def _note(scope: Scope, asset: Asset, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("content.asset", asset.pk),
        subject_name=asset.name,
        branch_id=asset.branch_id,
        branch_pos=asset.branch_pos,
    )
