"""Taking pictures in."""

from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from django.db import IntegrityError, transaction

from campaigns.audit.services import record
from campaigns.lib.clock import FOREVER
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope
from content import files
from content.models import Asset, Rendition
from content.pictures import average_colour, read_picture, render_all, render_original
from content.rules import AssetIsThere, check_title
from content.selectors import asset_in_scope


def add_asset(
    *, scope: Scope, raw: bytes | BinaryIO, name: str, alt: str = "", rights_until: datetime = FOREVER
) -> Asset:
    """Take a picture into the library of the branch the scope stands at, with all its renditions.

    Nothing of the upload is kept but its pixels. Raises a refusal `content.picture.*` for what is no sound
    picture, AssetIsThere for one that the branch has; then nothing is stored.
    """
    scope.demand("content.asset.add")
    picture = read_picture(raw)
    original = render_original(picture)
    there = Asset.objects.filter(branch_id=scope.branch_id, sha256=original.sha256).first()
    if there is not None:
        raise AssetIsThere(name=there.name)
    place = {"branch_id": scope.branch_id, "branch_pos": scope.branch_pos}
    asset = Asset(
        **place,
        name=check_title(title=name)[:120],
        alt=alt.strip(),
        sha256=original.sha256,
        width=picture.width,
        height=picture.height,
        colour=average_colour(picture),
        rights_until=rights_until,
        added_at=scope.at,
        added_by=scope.facts.actor_name,
    )
    made = [original, *render_all(picture)]
    rows = [
        Rendition(
            **place,
            asset=asset,
            name=one.name,
            format=one.format,
            width=one.width,
            height=one.height,
            size=len(one.content),
            sha256=one.sha256,
        )
        for one in made
    ]
    try:
        with transaction.atomic():
            asset.save(force_insert=True)
            Rendition.objects.bulk_create(rows)
            # Last, so that a refused row leaves no file behind.
            files.keep([(row.pk, row.format, one.content) for row, one in zip(rows, made, strict=True)])
    except IntegrityError as error:
        # Twins uploaded at once; the constraint decides.
        if "content_asset_picture_is_unique_in_its_branch" in str(error):
            raise AssetIsThere(name=name) from error
        raise
    _note(scope, asset, "content.asset.add")
    return asset


def change_asset(*, scope: Scope, asset_id: UUID, name: str, alt: str, rights_until: datetime) -> Asset:
    """Change what is said about a picture; the picture itself never changes. Raises NotFound, TitleIsMissing."""
    scope.demand("content.asset.change")
    asset = asset_in_scope(scope=scope, asset_id=asset_id)
    asset.name, asset.alt, asset.rights_until = check_title(title=name), alt.strip(), rights_until
    asset.save(update_fields=["name", "alt", "rights_until"])
    _note(scope, asset, "content.asset.change")
    return asset


def _note(scope: Scope, asset: Asset, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("content.asset", asset.pk),
        subject_name=asset.name,
        branch_id=asset.branch_id,
        branch_pos=asset.branch_pos,
    )
