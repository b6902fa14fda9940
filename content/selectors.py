"""Questions about content: what staff work on, and what customers see."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.timezone import get_default_timezone

from campaigns.approvals.models import Revision
from campaigns.approvals.selectors import SentBack, revisions_within, sent_back_to, standings
from campaigns.lib.refs import read_ref, ref
from campaigns.lib.refusals import NotFound
from campaigns.lib.together import fetch_together
from campaigns.rewards.models import LiveBatch
from campaigns.rewards.selectors.coupons import batches_within, left_at_branch, live_batches, sentences_of
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from content.home_rules import Viewer
from content.models import Asset, Item, LiveItem, LivePlacement, Original, Placement, Rendition
from content.pictures_frozen import frozen_in
from content.shown_elsewhere import frozen_elsewhere


def asset_in_scope(*, scope: Scope, asset_id: UUID) -> Asset:
    """The asset, a removed one too; raises NotFound for a foreign and an absent one alike."""
    asset: Asset = _one(Asset.objects.within(scope), asset_id)
    return asset


def items_within(*, scope: Scope) -> QuerySet[Item]:
    """Which drafts belong to the scope's branches? Newest first."""
    return Item.objects.within(scope)


def item_in_scope(*, scope: Scope, item_id: UUID) -> Item:
    """The draft; raises NotFound for a foreign and an absent one alike."""
    item: Item = _one(items_within(scope=scope), item_id)
    return item


def placements_within(*, scope: Scope) -> QuerySet[Placement]:
    """Which placements belong to the scope's branches?"""
    return Placement.objects.within(scope).select_related("item")


def placement_in_scope(*, scope: Scope, placement_id: UUID) -> Placement:
    """The draft; raises NotFound for a foreign and an absent one alike."""
    placement: Placement = _one(placements_within(scope=scope), placement_id)
    return placement


def batches_offered(*, scope: Scope) -> list[tuple[UUID, str]]:
    """Which coupon batches may an item name? Those of the scope's branches, and published ones from above."""
    own = list(batches_within(scope=scope).values_list("pk", "title")[:500])
    above = LiveBatch.objects.filter(
        handed_down=True, branch_id__in=scope.ancestors, shown_until__gt=scope.at
    ).values_list("batch_id", "title")
    return own + [row for row in above if row not in own]


def rendition_in_scope(*, scope: Scope, rendition_id: UUID, item_id: UUID | None = None) -> str:
    """The format of a picture that staff may see here; raises NotFound.

    With `item_id` also one that this item's published copy shows, or an original of it that local versions are made
    of, of these branches or handed down to them.
    """
    rendition = Rendition.objects.within(scope).filter(pk=rendition_id).first()
    if rendition is not None:
        return str(rendition.format)
    if item_id is None:
        raise NotFound
    try:
        return _format_of(LiveItem.objects.visible(scope).filter(item_id=item_id), rendition_id)
    except NotFound:
        originals = Original.objects.visible(scope).filter(item_id=item_id).values_list("payload")
        return _format_in(originals, rendition_id)


# --- what staff work on --------------------------------------------------------------------------------------


def my_drafts(*, scope: Scope, limit: int = 20) -> list[Item]:
    """On which drafts does the scope's person still work? Never submitted, or changed since; latest first."""
    mine = list(
        items_within(scope=scope).filter(author_id=scope.person_id).order_by("-changed_at")[: limit * 3]
    )
    stand = standings(scope=scope, subjects=[ref("content.item", item.pk) for item in mine])

    def is_draft(item: Item) -> bool:
        last = stand[ref("content.item", item.pk)].last
        if last is None or last.state in (Revision.State.WITHDRAWN, Revision.State.SUPERSEDED):
            return True
        return item.changed_at > last.submitted_at

    return [item for item in mine if is_draft(item)][:limit]


def sent_back(*, scope: Scope, limit: int = 20) -> list[SentBack]:
    """Which content came back to the scope's person, and with what words? Newest first."""
    return [
        row
        for row in sent_back_to(scope=scope, limit=limit)
        if row.revision.kind.partition(".")[0] == "content"
    ]


@dataclass(frozen=True, slots=True)
class GoingLive:
    """A published copy that begins to be shown on a day, or an approved revision that waits to become one."""

    at: datetime
    kind: str
    subject_id: UUID
    title: str
    branch_name: str


def going_live(*, scope: Scope, day: date) -> list[GoingLive]:
    """What begins to be shown on this local day of the scope's branch? Earliest first."""
    zone = ZoneInfo(Branch.objects.values_list("zone", flat=True).get(pk=scope.branch_id))
    first = datetime.combine(day, time(), zone)
    window = {"shown_from__gte": first, "shown_from__lt": first + timedelta(days=1)}
    found = [
        GoingLive(row.shown_from, "content.item", row.item_id, row.title, row.branch.name)
        for row in LiveItem.objects.within(scope).filter(**window).select_related("branch")
    ]
    found += [
        GoingLive(row.shown_from, "content.placement", row.placement_id, str(row.placement), row.branch.name)
        for row in LivePlacement.objects.within(scope)
        .filter(**window)
        .select_related("branch", "placement__item")
    ]
    waiting = revisions_within(scope=scope).filter(
        kind__in=["content.item", "content.placement"], state=Revision.State.SCHEDULED, **window
    )
    found += [
        GoingLive(row.shown_from, row.kind, UUID(read_ref(row.subject).id), row.title, row.branch.name)
        for row in waiting.select_related("branch").defer("payload")
        if row.shown_from is not None
    ]
    return sorted(found, key=lambda row: (row.at, row.title))


# --- what customers see --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CouponOffer:
    """The coupon of a piece of content: one sentence in both languages, and how many are left at the branch."""

    batch_id: UUID
    sentence_zh: str
    sentence_en: str
    left: int | None


@dataclass(frozen=True, slots=True)
class Card:
    """One published item with its coupon, if that can be claimed now. `content_id` is the item's id; of a local version
    that of the item it stands in for.
    """

    content_id: UUID
    live: LiveItem
    coupon: CouponOffer | None

    @property
    def picture(self) -> dict[str, Any] | None:
        picture: dict[str, Any] | None = self.live.picture
        return picture


@dataclass(frozen=True, slots=True)
class HomeRows:
    """What the home page of a branch is made of, as its customer may see it. `begins`: when more comes, by branch."""

    branch: Branch
    viewer: Viewer
    begins: dict[int, datetime]
    places: list[LivePlacement]
    items: list[LiveItem]
    offers: list[LiveBatch]


def shown_to(*, scope: Scope) -> Q:
    """What the scope's branch shows at the scope's moment: its own, and what the branches above hand down."""
    return Q(shown_from__lte=scope.at, shown_until__gt=scope.at) & (
        Q(branch_id=scope.branch_id) | Q(handed_down=True, branch_id__in=scope.ancestors)
    )


# Of what is limited: how often each was shown to the scope's customer. The walls keep it to the branch's line.
_VIEWER = """
SELECT is_personalised, tag_ids, stage, subject, today, ever FROM content_viewer(%s, ARRAY(
    SELECT 'content.item:' || p.item_id FROM content_liveplacement p
     WHERE p.times_day IS NOT NULL OR p.times_all IS NOT NULL))
"""


def standing(*, scope: Scope) -> QuerySet[LiveItem]:
    """What the scope's branch shows, of a thing with local versions the nearest alone."""
    nearer = LiveItem.objects.filter(
        shown_to(scope=scope),
        original_id=Coalesce(OuterRef("original_id"), OuterRef("item_id")),
        branch_pos__gt=OuterRef("branch_pos"),
    )
    return LiveItem.objects.filter(shown_to(scope=scope)).exclude(Exists(nearer))


def home_rows(*, scope: Scope, branch_ids: Collection[int]) -> HomeRows:
    """What do these branches show on the home page of the scope's customer now? They are of the customer's line.

    One query, and with it who the customer is.
    """
    here = Branch.objects.filter(pk=scope.branch_id)
    shown = shown_to(scope=scope) & Q(branch_id__in=list(branch_ids))
    of_branches = [
        LivePlacement.objects.filter(shown).order_by(),
        LiveItem.objects.filter(shown).order_by(),
        live_batches(scope=scope).filter(branch_id__in=list(branch_ids)).order_by(),
    ]
    (branches, *found), (begins, seen) = fetch_together(
        [here, *(of_branches if branch_ids else [])],
        ("SELECT branch_id, begins FROM content_next()", []),
        (_VIEWER, [_day_began(scope)]),
    )
    places, items, offers = found or ([], [], [])
    is_personalised, tag_ids, stage, *_rest = seen[0]
    return HomeRows(
        branch=branches[0],
        viewer=Viewer(
            is_personalised=is_personalised,
            tag_ids=frozenset(tag_ids),
            stage=stage,
            seen={UUID(read_ref(row[3]).id): (row[4], row[5]) for row in seen if row[3]},
        ),
        begins=dict(begins),
        places=places,
        items=items,
        offers=offers,
    )


def _day_began(scope: Scope) -> datetime:
    """Midnight, where most of the bank's customers live."""
    here = scope.at.astimezone(get_default_timezone())
    return datetime.combine(here.date(), time(), here.tzinfo)


def content_for(*, scope: Scope, content_id: UUID) -> Card:
    """One piece of content as the scope's branch shows it now, by the item's id; raises NotFound."""
    # A link to one branch's version leads to that of the reader's own branch.
    stands_for = LiveItem.objects.filter(item_id=content_id).values("original_id")[:1]
    root = Coalesce(Subquery(stands_for), Value(content_id, models.UUIDField()))
    rows = LiveItem.objects.filter(shown_to(scope=scope)).filter(Q(item_id=root) | Q(original_id=root))
    live = rows.order_by("-branch_pos", "-pk").first()
    if live is None:
        raise NotFound
    branch = Branch.objects.get(pk=scope.branch_id)
    return cards_of(scope=scope, branch=branch, items=[live])[0]


def rendition_shown(*, scope: Scope, item_id: UUID, rendition_id: UUID) -> str:
    """The format of a picture of an item that the scope's branch shows now; raises NotFound.

    A picture is asked for by its item: what was taken down, or is not shown yet, has no pictures either.
    """
    try:
        return _format_of(LiveItem.objects.filter(shown_to(scope=scope), item_id=item_id), rendition_id)
    except NotFound:
        return _format_in(frozen_elsewhere(scope=scope, thing_id=item_id), rendition_id)


def _format_of(live: "QuerySet[LiveItem]", rendition_id: UUID) -> str:
    return _format_in(live.values_list("picture", "blocks"), rendition_id)


def _format_in(frozen: Iterable[Any], rendition_id: UUID) -> str:
    for shown in frozen:
        for asset in frozen_in(shown):
            for made in asset["renditions"]:
                if made["id"] == str(rendition_id):
                    return str(made["format"])
    raise NotFound


def offers_of(*, scope: Scope, branch: Branch, batch_ids: set[UUID]) -> dict[UUID, CouponOffer]:
    """Which of these coupons can be claimed at the scope's branch now? Two queries, none for none."""
    offers: dict[UUID, CouponOffer] = {}
    if batch_ids:
        zone = ZoneInfo(branch.zone)
        left = left_at_branch(scope=scope, batch_ids=batch_ids)
        for batch in live_batches(scope=scope).filter(batch_id__in=batch_ids):
            zh, en = sentences_of(promise=batch, zone=zone)
            offers[batch.batch_id] = CouponOffer(batch.batch_id, zh, en, left.get(batch.batch_id))
    return offers


def cards_of(*, scope: Scope, branch: Branch, items: list[LiveItem]) -> list[Card]:
    """Published items, each with its coupon if that can be claimed now."""
    batch_ids = {item.batch_id for item in items if item.batch_id}
    offers = offers_of(scope=scope, branch=branch, batch_ids=batch_ids)
    return [
        Card(item.content_id, item, offers.get(item.batch_id) if item.batch_id else None) for item in items
    ]


def _one(rows: "QuerySet[Any]", key: UUID) -> Any:
    found = rows.filter(pk=key).first()
    if found is None:
        raise NotFound
    return found
