"""The home page of one customer: pieces of the shelves along the branch's line, chosen for who looks.

Asked again, a page costs no query; the first time two: opening the customer's scope, and everything that is missing in
one message. What a process keeps is bounded by number, and shared by the branches below the one that publishes.
"""

import hashlib
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

import orjson
from django.db import connection

from campaigns.tenants.scopes import Scope, opened
from content.delivery.shelves import Element, Key, Offer, Shelf, shelves_of
from content.delivery.stirs import Feed, Stir
from content.home_rules import REASONS, Chosen, Viewer, choose, depends_on_viewer, stands_at, suits
from content.models import LivePlacement
from content.selectors import home_rows

# Entries kept by a process; the oldest go first.
MOST_CUSTOMERS, MOST_SHELVES, MOST_BRANCHES = 50_000, 40_000, 20_000
# Seconds for which a customer's tags, stage and what was seen are believed. The switch for personal recommendation, the
# home branch and whether one is a customer at all are told by stirs.
BELIEVED = 60.0
SLOTS = {"banner": "home.banner", "grid": "home.grid", "popup": "home.popup", "feed": "home.feed",
         "branch_page": "branch.page"}  # fmt: skip


@dataclass(slots=True)
class Known:
    """A customer, as far as pages go. `fits`: which varying placements suit, of which branch's pages (its serial)."""

    branch_id: int
    viewer: Viewer
    until: float
    fits: tuple[int, frozenset[UUID]] = (0, frozenset())


@dataclass(slots=True)
class Page:
    """A page but for how many coupons are left: pieces, and between them the batches whose number belongs there."""

    pieces: Sequence[bytes]
    batches: Sequence[UUID]
    digest: bytes


@dataclass(slots=True)
class Branch:
    """The pages of one branch: what its customers may be shown, in order, and what was chosen for whom so far."""

    serial: int
    branch_id: int
    line: Sequence[int]  # the branch and those above it
    zone: str
    head: bytes
    shelves: Sequence[tuple[Key, Shelf]]
    at: datetime  # of this moment
    until: datetime
    places: Sequence[LivePlacement]
    varying: Sequence[LivePlacement]  # of these, those that not everybody is shown
    pages: dict[frozenset[UUID], Page] = field(default_factory=dict)
    left: Mapping[UUID, int] = field(default_factory=dict)
    left_at: float = float("-inf")
    asked_at: float = float("-inf")


@dataclass(frozen=True, slots=True)
class Body:
    """An answer: the bytes, and the tag that names them."""

    content: bytes
    etag: str


class Pages:
    """What a process has prepared."""

    def __init__(self) -> None:
        self._known: dict[UUID, Known] = {}
        self._shelves: dict[Key, Shelf] = {}
        self._branches: dict[int, Branch] = {}
        self._alike: dict[tuple[Any, ...], Page] = {}
        # How many changes were heard: what was fetched before the last one is not kept.
        self._heard = 0
        self._lock = threading.RLock()
        self.feed = Feed(hear=self._hear, forget=self._forget, each_turn=self._look_what_is_left)

    def home(self, *, scope: Scope, customer_id: UUID) -> Body:
        """The customer's home page at the scope's moment. `scope` is not open yet.

        Raises ScopeClosed for who is no customer any more.
        """
        self.feed.demand()
        known = self._known.get(customer_id)
        if known is None or known.until < time.monotonic():
            known = None
        branch = self._branch_of(known.branch_id, scope.at) if known else None
        if known is None or branch is None:
            known, branch = self._fetch(scope, customer_id)
        page = self._page(known, branch)
        return self._body(branch, page)

    # --- choosing -----------------------------------------------------------------------------------------------

    def _branch_of(self, branch_id: int, at: datetime) -> Branch | None:
        """The branch's pages, if all that they are made of stands."""
        branch, heard = self._branches.get(branch_id), self._heard
        if branch is None:
            return None
        shelves = self._shelves
        if at < branch.until and all(shelves.get(key) is shelf for key, shelf in branch.shelves):
            return branch
        # A branch above published, and somebody else has fetched that already: nothing more need be asked.
        now = [
            (key, shelf) for key, _old in branch.shelves if (shelf := shelves.get(key)) and at < shelf.until
        ]
        if len(now) < len(branch.shelves):
            return None
        fresh = _branch(branch.branch_id, branch.line, branch.zone, branch.head, now, at)
        with self._lock:
            if self._heard == heard:
                _put(self._branches, branch_id, fresh, MOST_BRANCHES)
        return fresh

    def _page(self, known: Known, branch: Branch) -> Page:
        if known.fits[0] != branch.serial:
            known.fits = (
                branch.serial,
                frozenset(place.pk for place in branch.varying if suits(place, known.viewer)),
            )
        fits = known.fits[1]
        page = branch.pages.get(fits)
        if page is None:
            places = [place for place in branch.places if place.pk in fits or not depends_on_viewer(place)]
            page = branch.pages[fits] = self._made(branch, choose(places, branch_id=branch.branch_id))
        return page

    def _made(self, branch: Branch, chosen: Mapping[str, Sequence[Chosen]]) -> Page:
        """The page of what was chosen; branches that show the same share it."""
        shelves = [shelf for _key, shelf in branch.shelves]
        elements = _elements(shelves, branch.at)
        offers = {batch: offer for shelf in shelves for batch, offer in shelf.offers.items()}
        cards = [
            (name, one.place, elements[one.place.item_id], one.why)
            for name, slot in SLOTS.items()
            for one in chosen[slot]
        ]
        alike = (
            branch.zone,
            # The things themselves: while they are kept here, no other has their identity.
            *(
                (name, place.pk, element, element.batch_id and offers.get(element.batch_id), why)
                for name, place, element, why in cards
            ),
        )
        found = self._alike.get(alike)
        if found is None:
            found = _page_of(cards, offers, branch.zone)
            _put(self._alike, alike, found, MOST_BRANCHES)
        return found

    def _body(self, branch: Branch, page: Page) -> Body:
        if not page.batches:
            content = branch.head + page.pieces[0]
            tag = hashlib.sha256(branch.head + page.digest).hexdigest()[:32]
            return Body(content, f'W/"{tag}"')
        left = self._left(branch)
        numbers = [b"%d" % left[batch] if batch in left else b"null" for batch in page.batches]
        parts = [branch.head, page.pieces[0]]
        for number, piece in zip(numbers, page.pieces[1:], strict=True):
            parts += (number, piece)
        tag = hashlib.sha256(b",".join([branch.head, page.digest, *numbers])).hexdigest()[:32]
        return Body(b"".join(parts), f'W/"{tag}"')

    # --- fetching -----------------------------------------------------------------------------------------------

    def _fetch(self, scope: Scope, customer_id: UUID) -> tuple[Known, Branch]:
        """Who the customer is, and what is missing of the branch's pages, in the customer's own scope."""
        with opened(scope):
            heard, at = self._heard, scope.at
            keys: list[Key] = [(scope.branch_id, True), *((above, False) for above in scope.ancestors)]
            missing = [key for key in keys if (one := self._shelves.get(key)) is None or at >= one.until]
            rows = home_rows(scope=scope, branch_ids=[key[0] for key in missing])
        fresh = shelves_of(
            keys=missing, at=at, places=rows.places, items=rows.items, offers=rows.offers, begins=rows.begins
        )
        shelves = [(key, fresh[key] if key in fresh else self._shelves[key]) for key in keys]
        known = Known(scope.branch_id, rows.viewer, time.monotonic() + BELIEVED)
        branch = None if fresh else self._branch_of(scope.branch_id, at)
        if branch is None:
            head = b'{"branch":' + orjson.dumps({"code": rows.branch.code, "name": rows.branch.name})
            branch = _branch(scope.branch_id, scope.line, rows.branch.zone, head, shelves, at)
        with self._lock:
            if self._heard == heard:
                for key, shelf in fresh.items():
                    _put(self._shelves, key, shelf, MOST_SHELVES)
                _put(self._known, customer_id, known, MOST_CUSTOMERS)
                _put(self._branches, scope.branch_id, branch, MOST_BRANCHES)
        return known, branch

    # --- how many coupons are left --------------------------------------------------------------------------------

    def _left(self, branch: Branch) -> Mapping[UUID, int]:
        branch.asked_at = time.monotonic()
        if branch.asked_at - branch.left_at >= self.feed.age:
            self._ask_left([branch])
        return branch.left

    def _ask_left(self, branches: Sequence[Branch]) -> None:
        began = time.monotonic()
        pairs = [
            (branch.branch_id, batch)
            for branch in branches
            for _key, shelf in branch.shelves
            for batch in shelf.offers
        ]
        left: dict[int, dict[UUID, int]] = {branch.branch_id: {} for branch in branches}
        if pairs:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT branch_id, batch_id, many FROM content_left(%s::int[], %s::uuid[])",
                    [[pair[0] for pair in pairs], [pair[1] for pair in pairs]],
                )
                for branch_id, batch_id, many in cursor.fetchall():
                    left[branch_id][batch_id] = int(many)
        for branch in branches:
            branch.left, branch.left_at = left[branch.branch_id], began

    def _look_what_is_left(self) -> None:
        """In the feed's thread: the numbers on pages that were asked for just now."""
        now = time.monotonic()
        asked = [branch for branch in list(self._branches.values()) if now - branch.asked_at < 1.0]
        if asked:
            self._ask_left(asked[:2_000])

    # --- forgetting -----------------------------------------------------------------------------------------------

    def _hear(self, stir: Stir) -> None:
        with self._lock:
            self._heard += 1
            if stir.kind == "customer" and stir.customer_id is not None:
                self._known.pop(stir.customer_id, None)
            elif stir.kind == "branch" and stir.branch_id is not None:
                for own in (True, False):
                    self._shelves.pop((stir.branch_id, own), None)
                self._alike.clear()
            else:
                self._forget()

    def _forget(self) -> None:
        with self._lock:
            self._heard += 1
            for kept in (self._known, self._shelves, self._branches, self._alike):
                kept.clear()


_SERIAL = count(1)


def _branch(
    branch_id: int,
    line: Sequence[int],
    zone: str,
    head: bytes,
    shelves: Sequence[tuple[Key, Shelf]],
    at: datetime,
) -> Branch:
    """What a branch shows: placements that stand there and whose item is shown there too, in order."""
    items = _elements([shelf for _key, shelf in shelves], at)
    offers: list[Offer] = [offer for _key, shelf in shelves for offer in shelf.offers.values()]
    standing = [
        place
        for _key, shelf in shelves
        for place in shelf.places
        if place.item_id in items and stands_at(place, line)
    ]
    places = sorted(standing, key=order_of, reverse=True)
    ends = [
        *(shelf.until for _key, shelf in shelves),
        *(place.shown_until for place in places),
        *(items[place.item_id].until for place in places),
        *(offer.until for offer in offers),
    ]
    return Branch(
        serial=next(_SERIAL),
        branch_id=branch_id,
        line=line,
        zone=zone,
        head=head,
        shelves=shelves,
        at=at,
        until=min(end for end in ends if end > at),
        places=[place for place in places if place.shown_until > at and items[place.item_id].until > at],
        varying=[place for place in places if depends_on_viewer(place)],
    )


def _elements(shelves: Sequence[Shelf], at: datetime) -> dict[UUID, Element]:
    """What stands on the shelves, that of the branch itself first; of a thing with local versions the nearest."""
    found = {item: element for shelf in shelves for item, element in shelf.items.items()}
    for shelf in reversed(shelves):
        if shelf.local:
            found |= {item: element for item, element in shelf.local.items() if element.until > at}
    return found


def order_of(place: LivePlacement) -> tuple[Any, ...]:
    """The higher priority first, then the nearer branch, then the newer one."""
    return (place.priority, place.branch_pos, place.pk)


def _page_of(
    cards: Sequence[tuple[str, LivePlacement, Element, str]], offers: Mapping[UUID, Offer], zone: str
) -> Page:
    pieces, batches, piece = [], [], b""
    for name in SLOTS:
        piece += b',"%s":[' % name.encode()
        for nth, (_name, place, element, why) in enumerate(card for card in cards if card[0] == name):
            piece += (b"," if nth else b"") + element.head() + b',"coupon":'
            offer = offers.get(element.batch_id) if element.batch_id else None
            if offer is None:
                piece += b"null"
            else:
                zh, en = offer.sentences(zone)
                said = {"batch_id": str(offer.batch_id), "sentence": zh, "sentence_en": en}
                pieces.append(piece + orjson.dumps(said)[:-1] + b',"left":')
                batches.append(offer.batch_id)
                piece = b"}"
            piece += b"," + orjson.dumps(shown_as(place, why))[1:]
        piece += b"]"
    pieces.append(piece + b"}")
    return Page(pieces, batches, hashlib.sha256(b"\0".join(pieces)).digest())


def shown_as(place: LivePlacement, why: str) -> dict[str, Any]:
    """What the page says of an element beside its card: which placement it is, why it is there, how often it may be."""
    zh, en = REASONS[why]
    return {
        "placement_id": str(place.placement_id),
        "times_day": place.times_day,
        "times_all": place.times_all,
        "reason": {"code": why, "text": zh, "text_en": en},
    }


Name = TypeVar("Name")
Kept = TypeVar("Kept")


def _put(kept: dict[Name, Kept], name: Name, one: Kept, most: int) -> None:
    kept[name] = one
    while len(kept) > most:
        try:
            kept.pop(next(iter(kept)), None)
        except (StopIteration, RuntimeError):  # another thread was at it
            return


PAGES = Pages()
