"""What content puts on the calendar (campaigns/planning/calendar): items going live and ending, and placements."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.selectors import Standing, standing_of
from campaigns.approvals.standing import offer_words
from campaigns.lib.refs import ref
from campaigns.planning.calendar.layers import Card, Fill, IsOver, Layer, Part, register_calendar_layer
from campaigns.planning.calendar.windows import Windowed, windowed_entries
from campaigns.tenants.scopes import Scope
from content.addresses import staff_address
from content.item_kinds import ItemKind
from content.models import Asset, Item, LiveItem, LivePlacement, Placement, Slot
from content.selectors import item_in_scope, placement_in_scope
from content.services.items import change_item
from content.services.placements import change_placement
from content.slot_marks import slot_marks

ITEMS = Windowed(
    noun="content.item",
    draft=Item,
    copy=LiveItem,
    key="item_id",
    title="title",
    kind="kind",
    as_moments=True,
    change="content.item.change",
)
PLACEMENTS = Windowed(
    noun="content.placement",
    draft=Placement,
    copy=LivePlacement,
    key="placement_id",
    title="item__title",
    kind="slot",
    change="content.placement.change",
)


def item_card(scope: Scope, item_id: UUID) -> Card:
    """Raises NotFound."""
    item = item_in_scope(scope=scope, item_id=item_id)
    standing = standing_of(scope=scope, subject=ref("content.item", item.pk))
    return Card(
        title=item.title,
        kind=str(ItemKind(item.kind).label),
        lines=[(gettext("summary"), item.summary)] if item.summary else [],
        page=reverse("admin:content_item_change", args=[item.pk]),
        picture=_picture(scope, item.asset),
        **_shared(scope, item, standing, "content.item"),
    )


def placement_card(scope: Scope, placement_id: UUID) -> Card:
    """Raises NotFound."""
    placement = placement_in_scope(scope=scope, placement_id=placement_id)
    standing = standing_of(scope=scope, subject=ref("content.placement", placement.pk))
    return Card(
        title=placement.item.title,
        kind=str(Slot(placement.slot).label),
        lines=[(gettext("priority"), str(placement.priority))],
        page=reverse("admin:content_placement_change", args=[placement.pk]),
        picture=_picture(scope, placement.item.asset),
        **_shared(scope, placement, standing, "content.placement"),
    )


def move_item(scope: Scope, item_id: UUID, moments: Mapping[Part, datetime]) -> str:
    """Plan the draft for another time. Raises NotFound, IsOver, and as `change_item`."""
    item = item_in_scope(scope=scope, item_id=item_id)
    standing = _to_move(scope, item, "content.item")
    change_item(
        scope=scope,
        item_id=item_id,
        seen_at=item.changed_at,
        shown_from=moments.get(Part.FROM, item.shown_from),
        shown_until=moments.get(Part.UNTIL, item.shown_until),
    )
    return _moved(standing)


def move_placement(scope: Scope, placement_id: UUID, moments: Mapping[Part, datetime]) -> str:
    """Plan the draft for another time. Raises NotFound, IsOver, and as `change_placement`."""
    placement = placement_in_scope(scope=scope, placement_id=placement_id)
    standing = _to_move(scope, placement, "content.placement")
    change_placement(
        scope=scope,
        placement_id=placement_id,
        slot=placement.slot,
        item_id=placement.item_id,
        priority=placement.priority,
        shown_from=moments.get(Part.FROM, placement.shown_from),
        shown_until=moments.get(Part.UNTIL, placement.shown_until),
        handed_down=placement.handed_down,
        seen_at=placement.changed_at,
    )
    return _moved(standing)


def _to_move(scope: Scope, draft: Any, noun: str) -> Standing:
    standing = standing_of(scope=scope, subject=ref(noun, draft.pk))
    if draft.shown_until <= scope.at and (standing.last is not None and not standing.is_in_review):
        raise IsOver
    return standing


def _moved(standing: Standing) -> str:
    if standing.is_in_review:
        return gettext("Moved. Its review is over, because its time is another: submit it again.")
    if standing.is_live or standing.scheduled is not None:
        return gettext("The draft is moved. Customers see what was approved until you submit the new time.")
    return gettext("Moved.")


def _shared(scope: Scope, draft: Any, standing: Standing, noun: str) -> dict[str, Any]:
    """What the cards of both say."""
    is_out = standing.is_live or standing.scheduled is not None
    is_over = draft.shown_until <= scope.at and (is_out or standing.last is not None)
    fill = (
        Fill.DONE if is_over else Fill.REVIEW if standing.is_in_review else Fill.SET if is_out else Fill.DRAFT
    )
    may_change = scope.may(f"{noun}.change") and not is_over
    warning = ""
    if standing.is_in_review:
        warning = gettext("Moving it ends the review; it has to be submitted again.")
    elif is_out and not is_over:
        warning = gettext("Customers see it as it was approved until the new time has passed a review.")
    return {
        "state": offer_words(standing),
        "fill": fill,
        "owner": draft.author_name,
        "branch": draft.branch.name,
        "window": (draft.shown_from, draft.shown_until),
        "moves": frozenset(
            part
            for part, moment in ((Part.FROM, draft.shown_from), (Part.UNTIL, draft.shown_until))
            # What customers see already began when it began.
            if may_change and (moment > scope.at or not is_out)
        ),
        "warning": warning if may_change else "",
        "next": _next(scope, standing, noun),
    }


def _next(scope: Scope, standing: Standing, noun: str) -> str:
    if standing.is_in_review:
        return gettext("Open it: it waits for its reviewer")
    if standing.last is not None and standing.last.state == "sent_back" and scope.may(f"{noun}.change"):
        return gettext("Mend it and submit it again")
    if not standing.is_live and standing.scheduled is None and scope.may(f"{noun}.submit"):
        return gettext("Finish it and submit it for review")
    return gettext("Open it")


def _picture(scope: Scope, asset: Asset | None) -> str:
    if asset is None:
        return ""
    thumb = next((made for made in asset.renditions.all() if made.name == "thumb"), None)
    return staff_address(scope=scope, rendition_id=thumb.pk) if thumb else ""


def register_layers() -> None:
    register_calendar_layer(
        Layer(
            "content",
            _("Content"),
            icon="article",
            needs="content.item.view",
            entries=lambda scope, asked: windowed_entries(scope, ITEMS, asked),
            card=item_card,
            kinds=lambda: ItemKind.choices,
            move=move_item,
        )
    )
    register_calendar_layer(
        Layer(
            "placements",
            _("Placements"),
            icon="view_carousel",
            needs="content.placement.view",
            entries=lambda scope, asked: windowed_entries(scope, PLACEMENTS, asked),
            card=placement_card,
            kinds=lambda: Slot.choices,
            move=move_placement,
            marks=slot_marks,
        )
    )
