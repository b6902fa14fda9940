"""The home page as a customer would get it, for staff: what is shown and why, and what is not and why not.

It is asked in the scope of that customer, or of anybody at that branch: the same walls decide as on the phone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from campaigns.customers.scopes import customer_scope
from campaigns.lib.both import for_reader
from campaigns.rewards.models import LiveBatch
from campaigns.rewards.selectors.coupons import live_batches, sentences_of
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from content.addresses import staff_addresses
from content.delivery.pages import order_of
from content.home_rules import CAPACITY, REASONS, Viewer, choose, stands_at, suits
from content.models import LiveItem, LivePlacement, Slot
from content.scopes import public_scope
from content.selectors import home_rows, shown_to


@dataclass(frozen=True, slots=True)
class Placed:
    """One element: its published item, the reason in words, and its coupon's sentence. `urls` are for staff."""

    placement_id: UUID
    live: LiveItem
    why: str
    coupon: str
    urls: Mapping[str, str]
    priority: int


@dataclass(frozen=True, slots=True)
class HomePreview:
    """`slots`: name and what it shows, in order; `left_out`: what stands there for others, and why not for this one."""

    branch: Branch
    at: datetime
    slots: Sequence[tuple[str, Sequence[Placed]]]
    left_out: Sequence[tuple[str, LiveItem, str]]

    @property
    def has_any(self) -> bool:
        return any(placed for _name, placed in self.slots)


def home_as(*, scope: Scope, branch: Branch, at: datetime, customer_id: UUID | None = None) -> HomePreview:
    """What does the home page of `branch` show at that moment, to this customer of it or to one nobody knows?

    `branch` and the customer are of the scope's branches: whoever calls has seen to that. Raises ScopeClosed for a
    customer who is none any more.
    """
    if customer_id is not None:
        with customer_scope(customer_id=customer_id, at=at, cause="content.preview") as inner:
            rows = home_rows(scope=inner, branch_ids=inner.line)
            places, items, offers, viewer = rows.places, rows.items, rows.offers, rows.viewer
            line: Collection[int] = inner.line
    else:
        with public_scope(branch_id=branch.pk, at=at, cause="content.preview") as inner:
            shown = shown_to(scope=inner)
            places = list(LivePlacement.objects.filter(shown).order_by())
            items = list(LiveItem.objects.filter(shown).order_by())
            offers = list(live_batches(scope=inner).filter(branch_id__in=inner.line))
            viewer, line = Viewer(is_personalised=False), inner.line
    by_item = {live.item_id: live for live in items}
    standing = [each for each in places if each.item_id in by_item and stands_at(each, line)]
    standing.sort(key=order_of, reverse=True)
    fitting = [each for each in standing if suits(each, viewer)]
    chosen = choose(fitting, branch_id=branch.pk)
    coupons = _coupons(offers, ZoneInfo(branch.zone))

    def placed(place: Any, why: str) -> Placed:
        live = by_item[place.item_id]
        zh, en = REASONS[why]
        return Placed(
            placement_id=place.placement_id,
            live=live,
            why=for_reader({"zh": zh, "en": en}),
            coupon=coupons.get(live.batch_id, "") if live.batch_id else "",
            urls=staff_addresses(scope=scope, picture=live.picture, item_id=live.item_id)
            if live.picture
            else {},
            priority=place.priority,
        )

    slots = [
        (str(Slot(slot).label), [placed(one.place, one.why) for one in chosen[slot]]) for slot in CAPACITY
    ]
    there = {(slot, one.place.pk) for slot, found in chosen.items() for one in found}
    left_out = [
        (
            str(Slot(each.slot).label),
            by_item[each.item_id],
            _why_not(each, viewer, is_known=bool(customer_id)),
        )
        for each in standing
        if (each.slot, each.pk) not in there
    ]
    return HomePreview(branch, at, slots, left_out)


def _why_not(place: Any, viewer: Viewer, *, is_known: bool) -> str:
    if (place.tag_ids or place.stages) and not viewer.is_personalised:
        return (
            gettext("Personal recommendation is switched off: what is for some is not shown.")
            if is_known
            else gettext("It is for customers with some tags or in some stages alone.")
        )
    if place.tag_ids and viewer.tag_ids.isdisjoint(place.tag_ids):
        return gettext("The customer has none of its tags.")
    if place.stages and viewer.stage not in place.stages:
        return gettext("The customer is in none of its stages.")
    if not suits(place, viewer):
        return gettext("It was shown to this customer as often as it may be.")
    if place.is_fallback:
        return gettext("A fallback: something else fills the slot.")
    return gettext(
        "The slot is full: others come first by their priority, or the same item stands there already."
    )


def _coupons(offers: Sequence[LiveBatch], zone: ZoneInfo) -> dict[UUID, str]:
    found = {}
    for batch in offers:
        zh, en = sentences_of(promise=batch, zone=zone)
        found[batch.batch_id] = for_reader({"zh": zh, "en": en})
    return found
