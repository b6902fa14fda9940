"""Renditions made in the background, one by one: what a dead worker has made stays made."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from uuid import UUID

from celery import current_app
from django.db import IntegrityError, connections, transaction

from campaigns.lib.clock import FOREVER
from campaigns.lib.constraints import violated
from campaigns.lib.refusals import Refusal
from campaigns.tenants.scopes import Scope
from content.asset_files import made_of, store_files
from content.files import read_file
from content.models import Asset, RenderWork, Rendition
from content.picture_limits import Limits
from content.pictures import LATER, Picture, read_picture, render_named
from content.renditions import current
from content.sql_assets import TAKE_WORK

logger = logging.getLogger(__name__)
TASK = "content.render"
# A worker makes all renditions of a picture in half a minute; one that is silent for longer is dead.
LEASE, TRIES = timedelta(minutes=3), 5
# What we wrote ourselves is read again whatever its size: a PNG of ten megapixels is larger than any upload.
OURS = Limits(file_bytes=256 * 1024 * 1024, pixels_a_byte=10**9, progressive_pixels=50_000_000)
Opens = Callable[[], AbstractContextManager[Scope]]


def lay_work(*, scope: Scope, asset: Asset) -> None:
    """Have the renditions made that the asset as it is now still lacks. The same twice is once."""
    RenderWork.objects.bulk_create(
        [
            RenderWork(
                branch_id=asset.branch_id,
                branch_pos=asset.branch_pos,
                asset_id=asset.pk,
                version=asset.version,
                take=asset.take,
                ready_at=scope.at,
            )
        ],
        ignore_conflicts=True,
    )
    transaction.on_commit(
        lambda: current_app.send_task(TASK, retry=False, ignore_result=True), using=scope.using, robust=True
    )


def make_renditions(*, open_scope: Opens, clock: Callable[[], datetime], at_most: int = 100) -> int:
    """Make what is asked for, picture by picture; how many renditions. Any number of workers, safe when killed.

    Pixels are worked on outside of transactions; each rendition is written in one of its own, and its key makes twice
    once. A picture that fails is tried again later, and after five times left alone with its error.
    """
    made = 0
    for _ in range(at_most):
        with open_scope() as scope:
            work = _take(scope, clock())
        if work is None:
            break
        try:
            made += _make(work, open_scope)
            with open_scope() as scope:
                RenderWork.objects.within(scope).filter(pk=work.pk).delete()
        except (Refusal, OSError, MemoryError, ValueError) as error:
            logger.warning("renditions of %s: %s", work.asset_id, error)
            with open_scope() as scope:
                _fail(scope, work, error, clock())
    return made


def _take(scope: Scope, at: datetime) -> RenderWork | None:
    """Claim what waits longest. A claim that runs out is somebody else's."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute(TAKE_WORK, {"at": at, "until": at + LEASE, "lo": scope.lo, "hi": scope.hi})
        row = cursor.fetchone()
    return RenderWork.objects.within(scope).select_related("asset").get(pk=row[0]) if row else None


def _make(work: RenderWork, open_scope: Opens) -> int:
    asset = work.asset
    if (asset.version, asset.take) != (work.version, work.take):
        return 0  # overtaken: a newer piece of work is laid
    with open_scope() as scope:
        rows = Rendition.objects.within(scope).filter(asset_id=asset.pk)
        there = {made.name: made for made in rows if made in current(asset=asset)}
    source = there.get("original")
    lacking = [size.name for size in LATER if size.name not in there]
    if source is None or not lacking:
        return 0
    picture = read_picture(read_file(source.pk, source.format), limits=OURS)
    return sum(_make_one(asset, picture, name, open_scope) for name in lacking)


def _make_one(asset: Asset, picture: Picture, name: str, open_scope: Opens) -> int:
    one = render_named(picture, name=name, focal=(asset.focal_x / 1000, asset.focal_y / 1000))
    try:
        with open_scope(), transaction.atomic():
            store_files(asset, [made_of(one)])
    except IntegrityError as error:
        if violated(error) == "content_rendition_name_is_unique_in_its_version":
            return 0  # a slow twin has made it
        raise
    return 1


def _fail(scope: Scope, work: RenderWork, error: Exception, at: datetime) -> None:
    again = FOREVER if work.tries >= TRIES else at + timedelta(minutes=2**work.tries)
    RenderWork.objects.within(scope).filter(pk=work.pk).update(ready_at=again, why=str(error)[:200])


def work_waiting(*, scope: Scope, asset_ids: list[UUID]) -> set[UUID]:
    """Of which of these assets are renditions still to be made?"""
    rows = RenderWork.objects.within(scope).filter(asset_id__in=asset_ids)
    return set(rows.values_list("asset_id", flat=True))
