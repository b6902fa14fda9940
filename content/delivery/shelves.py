"""What each branch shows, as prepared pieces that the pages of all branches below it share.

A shelf is filled in the scope of a customer who asks, so the database's walls decide what may stand on it: of the
customer's own branch all that is shown, of the branches above what they hand down.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from campaigns.rewards.models import LiveBatch
from campaigns.rewards.selectors.coupons import sentences_of
from content.addresses import customer_addresses, slot_ends
from content.models import LiveItem, LivePlacement


class Element:
    """A published item as a piece of JSON, made when it is first needed."""

    def __init__(self, live: LiveItem, at: datetime) -> None:
        # A local version is known by what it stands in for: links, limits and what was seen go on across branches.
        self.item_id, self.branch_id, self.batch_id = live.content_id, live.branch_id, live.batch_id
        self.until = live.shown_until
        self._live: LiveItem | None = live
        self._at, self._bytes = at, b""

    def head(self) -> bytes:
        """The card without its coupon and its end, `{"id":…,"picture":{…}`: the same for every branch and customer."""
        if (live := self._live) is not None:
            self._bytes = orjson.dumps(card_of(live, at=self._at))[:-1]
            self._live = None
        return self._bytes


def card_of(live: LiveItem, *, at: datetime) -> dict[str, Any]:
    """What a card says of an item, whoever looks: its picture's addresses are signed for the branch that shows it."""
    picture: Mapping[str, Any] | None = live.picture
    return {
        "id": str(live.content_id),
        "kind": live.kind,
        "title": live.title,
        "summary": live.summary,
        "picture": {
            "alt": picture["alt"],
            "colour": picture["colour"],
            "width": picture["width"],
            "height": picture["height"],
            "urls": customer_addresses(
                branch_id=live.branch_id, at=at, item_id=live.item_id, picture=picture
            ),
        }
        if picture
        else None,
    }


class Offer:
    """A coupon batch that customers can claim now, in one sentence each language."""

    def __init__(self, live: LiveBatch) -> None:
        self.batch_id, self.until, self._live = live.batch_id, live.shown_until, live
        self._sentences: dict[str, tuple[str, str]] = {}

    def sentences(self, zone: str) -> tuple[str, str]:
        if zone not in self._sentences:
            self._sentences[zone] = sentences_of(promise=self._live, zone=ZoneInfo(zone))
        return self._sentences[zone]


@dataclass(slots=True)
class Shelf:
    """What one branch shows: to its own customers, or to those of the branches below it. Good until `until`.

    `local`: its versions of what branches above hand down, by the item that they stand in for.
    """

    until: datetime
    places: Sequence[LivePlacement] = ()
    items: Mapping[UUID, Element] = field(default_factory=dict)
    local: Mapping[UUID, Element] = field(default_factory=dict)
    offers: Mapping[UUID, Offer] = field(default_factory=dict)


# The branch, and whether it is for its own customers.
Key = tuple[int, bool]


def shelves_of(
    *,
    keys: Sequence[Key],
    at: datetime,
    places: Sequence[LivePlacement],
    items: Sequence[LiveItem],
    offers: Sequence[LiveBatch],
    begins: Mapping[int, datetime],
) -> dict[Key, Shelf]:
    """What was fetched, by branch. `begins`: when something new begins to be shown there."""
    ends = slot_ends(at)
    return {
        key: Shelf(
            until=min(ends, begins.get(key[0], ends)),
            places=tuple(place for place in places if place.branch_id == key[0]),
            items={
                live.item_id: Element(live, at)
                for live in items
                if live.branch_id == key[0] and live.original_id is None
            },
            local={
                live.original_id: Element(live, at)
                for live in sorted(items, key=lambda each: each.pk)
                if live.branch_id == key[0] and live.original_id is not None
            },
            offers={live.batch_id: Offer(live) for live in offers if live.branch_id == key[0]},
        )
        for key in keys
    }
