"""Questions about the library: what lies where, what looks alike, what is used by whom, whose rights end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope
from content.models import Asset, Folder, Item, RenderWork, Rendition, Use

# How many of the 64 bits of two pictures that look alike may differ, and how long before their end rights are told of.
ALIKE_BITS = 6
SOON = timedelta(days=30)

# The pictures of one branch that differ in few bits from another one, nearest first.
_ALIKE = """
SELECT id FROM content_asset
 WHERE branch_id = %s AND branch_pos BETWEEN %s AND %s AND look IS NOT NULL AND retired_at IS NULL AND id <> %s
   AND bit_count((look # %s)::bit(64)) <= %s
 ORDER BY bit_count((look # %s)::bit(64)), id DESC LIMIT %s
"""


def library(*, scope: Scope) -> QuerySet[Asset]:
    """Which assets are in the libraries of the scope's branches, and not removed? Newest first."""
    rows: QuerySet[Asset] = Asset.objects.within(scope).filter(retired_at=None)
    return rows


def pictures_within(*, scope: Scope) -> QuerySet[Asset]:
    """Which pictures may be chosen for something new? Newest first."""
    return library(scope=scope).filter(kind=Asset.Kind.PICTURE)


def unused(*, rows: QuerySet[Asset]) -> QuerySet[Asset]:
    """Those that no draft and no published copy shows, and that are nobody's cover."""
    covers = Asset.objects.filter(cover_id=OuterRef("pk"))
    return rows.filter(~Exists(Use.objects.filter(asset_id=OuterRef("pk"))), ~Exists(covers))


def expiring(*, rows: QuerySet[Asset], at: datetime) -> QuerySet[Asset]:
    """Those whose rights end within thirty days, the next one first."""
    return rows.filter(rights_until__gt=at, rights_until__lte=at + SOON).order_by("rights_until", "pk")


def expired(*, rows: QuerySet[Asset], at: datetime) -> QuerySet[Asset]:
    """Those whose rights have ended, or have not begun."""
    return rows.filter(Q(rights_until__lte=at) | Q(rights_from__gt=at))


def tags_within(*, scope: Scope, limit: int = 60) -> list[str]:
    """Which tags are in use, the commonest first?"""
    counted: dict[str, int] = {}
    for tags in library(scope=scope).exclude(tags=[]).values_list("tags", flat=True)[:5000]:
        for tag in tags:
            counted[tag] = counted.get(tag, 0) + 1
    return sorted(counted, key=lambda tag: (-counted[tag], tag))[:limit]


def look_alikes(*, scope: Scope, asset: Asset, limit: int = 6) -> list[Asset]:
    """Which other pictures of the same branch look like this one? The most alike first."""
    if asset.look is None:
        return []
    given: list[Any] = [
        *(asset.branch_id, scope.lo, scope.hi, asset.pk),
        *(asset.look, ALIKE_BITS, asset.look, limit),
    ]
    with connections[scope.using].cursor() as cursor:
        cursor.execute(_ALIKE, given)
        keys = [key for (key,) in cursor.fetchall()]
    found = {row.pk: row for row in Asset.objects.within(scope).filter(pk__in=keys)}
    return [found[key] for key in keys if key in found]


# --- folders -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder with its place in the tree: `depth` 0 at the top, `count` of what lies in it itself."""

    folder: Folder
    depth: int
    count: int


def folder_in_scope(*, scope: Scope, folder_id: UUID) -> Folder:
    """The folder; raises NotFound for a foreign and an absent one alike."""
    found: Folder | None = Folder.objects.within(scope).filter(pk=folder_id).first()
    if found is None:
        raise NotFound
    return found


def shelves(*, scope: Scope, branch_id: int | None = None) -> list[Shelf]:
    """The folders of one branch (the one the scope stands at), each below the one it lies in."""
    own = scope.branch_id if branch_id is None else branch_id
    rows = Folder.objects.within(scope).filter(branch_id=own)
    counted = rows.annotate(count=Count("assets", filter=Q(assets__retired_at=None)))
    below: dict[UUID | None, list[Any]] = {}
    for row in counted.order_by("name", "pk"):
        below.setdefault(row.parent_id, []).append(row)
    found: list[Shelf] = []

    def walk(parent_id: UUID | None, depth: int) -> None:
        for row in below.get(parent_id, []):
            found.append(Shelf(row, depth, row.count))
            walk(row.pk, depth + 1)

    walk(None, 0)
    return found


# --- what uses one -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UsedIn:
    """A content item that shows the asset. `is_older`: what is live shows a former version of it."""

    item_id: UUID
    title: str
    kind: str
    branch_name: str
    is_live: bool
    is_older: bool


def uses_of(*, scope: Scope, asset: Asset) -> list[UsedIn]:
    """Which drafts and published copies within the scope show this asset? What is live first."""
    rows = list(Use.objects.within(scope).filter(asset_id=asset.pk).order_by("-is_live", "-thing_id")[:100])
    items = {
        item.pk: item
        for item in Item.objects.within(scope)
        .filter(pk__in={row.thing_id for row in rows})
        .select_related("branch")
    }
    return [
        UsedIn(
            row.thing_id,
            items[row.thing_id].title,
            str(items[row.thing_id].get_kind_display()),
            items[row.thing_id].branch.name,
            row.is_live,
            row.is_live and bool(row.sha256) and row.sha256 != asset.sha256,
        )
        for row in rows
        if row.thing_id in items
    ]


# --- what is being made --------------------------------------------------------------------------------------


def work_left(*, scope: Scope, asset: Asset) -> RenderWork | None:
    """What a worker has yet to make of the asset as it is now; None when everything is there."""
    found: RenderWork | None = (
        RenderWork.objects.within(scope)
        .filter(asset_id=asset.pk, version=asset.version, take=asset.take)
        .first()
    )
    return found


def original_of(*, asset: Asset) -> Rendition | None:
    """The whole of the asset as it is now; None of a text, link or card."""
    return Rendition.objects.filter(asset=asset, name="original", version=F("asset__version")).first()


def former_versions(*, scope: Scope, asset: Asset) -> list[Rendition]:
    """The files of former versions that people look at, newest first: a picture's thumb, else the whole."""
    name = "thumb" if asset.is_picture else "original"
    rows = Rendition.objects.within(scope).filter(asset_id=asset.pk, name=name, version__lt=asset.version)
    newest: dict[int, Rendition] = {}
    for row in rows.order_by("version", "take"):
        newest[row.version] = row
    return [newest[version] for version in sorted(newest, reverse=True)]
