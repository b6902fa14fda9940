"""Who is shown what on the home page, and why. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

# How many of each slot a phone shows; what does not fit is not sent.
CAPACITY: Mapping[str, int] = {
    "home.banner": 5,
    "home.grid": 8,
    "home.popup": 1,
    "home.feed": 30,
    "branch.page": 10,
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """What is known of who looks. `seen`: item -> how often it was shown today, and in 180 days."""

    is_personalised: bool
    tag_ids: frozenset[int] = frozenset()
    stage: str = ""
    seen: Mapping[UUID, tuple[int, int]] = field(default_factory=dict)


class Place(Protocol):
    """A published placement, as far as choosing goes."""

    @property
    def placement_id(self) -> UUID: ...
    @property
    def branch_id(self) -> int: ...
    @property
    def slot(self) -> str: ...
    @property
    def item_id(self) -> UUID: ...
    @property
    def branch_ids(self) -> Collection[int]: ...
    @property
    def tag_ids(self) -> Collection[int]: ...
    @property
    def stages(self) -> Collection[str]: ...
    @property
    def times_day(self) -> int | None: ...
    @property
    def times_all(self) -> int | None: ...
    @property
    def is_fallback(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Chosen:
    """A placement that is shown, and the code of the reason (`REASONS`)."""

    place: Any
    why: str


# The reason as the customer reads it, Chinese and English.
REASONS: Mapping[str, tuple[str, str]] = {
    "branch": ("您的开户网点推荐", "From your own branch"),
    "handed_down": ("本行推荐", "From your bank"),
    "tag": ("根据您的客户标签推荐", "Chosen by what we noted about your interests"),
    "stage": ("根据您与本行往来的阶段推荐", "Chosen by how long and how often you bank with us"),
    "fallback": ("常设内容", "Always here"),
}


def depends_on_viewer(place: Place) -> bool:
    """Is it shown to some customers of a branch and not to others?"""
    return bool(place.tag_ids or place.stages or place.times_day is not None or place.times_all is not None)


def stands_at(place: Place, line: Collection[int]) -> bool:
    """Is it for the branch whose line up to head office this is?"""
    return not place.branch_ids or not set(place.branch_ids).isdisjoint(line)


def suits(place: Place, viewer: Viewer) -> bool:
    """Is it for this customer, as often as it may be shown?

    Without personal recommendation what is for some is for nobody; how often a thing was shown is still heeded, as it
    spares the customer and recommends nothing.
    """
    if place.tag_ids and (not viewer.is_personalised or viewer.tag_ids.isdisjoint(place.tag_ids)):
        return False
    if place.stages and (not viewer.is_personalised or viewer.stage not in place.stages):
        return False
    if place.times_day is None and place.times_all is None:
        return True
    today, ever = viewer.seen.get(place.item_id, (0, 0))
    return (place.times_day is None or today < place.times_day) and (
        place.times_all is None or ever < place.times_all
    )


def why(place: Place, branch_id: int) -> str:
    """The code of the reason why a customer of this branch is shown it."""
    if place.is_fallback:
        return "fallback"
    if place.tag_ids:
        return "tag"
    if place.stages:
        return "stage"
    return "branch" if place.branch_id == branch_id else "handed_down"


def choose(places: Iterable[Place], *, branch_id: int) -> dict[str, list[Chosen]]:
    """By slot: what is shown of `places`, which suit and come in order. An item fills a slot once; fallbacks fill
    slots that are empty else.
    """
    shown: dict[str, dict[UUID, Chosen]] = {slot: {} for slot in CAPACITY}
    spare: dict[str, dict[UUID, Chosen]] = {slot: {} for slot in CAPACITY}
    for place in places:
        if place.slot in shown:
            slot = (spare if place.is_fallback else shown)[place.slot]
            slot.setdefault(place.item_id, Chosen(place, why(place, branch_id)))
    return {slot: list((shown[slot] or spare[slot]).values())[:most] for slot, most in CAPACITY.items()}
