"""What stands on the calendar. Each room that plans something registers a layer of it, in its apps.py:

    register_calendar_layer(Layer("livestreams", _("Livestreams"), icon="sensors", needs="community.livestream.view",
                                  entries=livestream_entries, card=livestream_card))

A layer answers for the viewer's branches alone, and with as many queries whatever there is to show. Where all it shows
is a draft with a window and a published copy beside it, `calendar/windows.py` asks and answers for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from campaigns.lib.refusals import Refusal
from campaigns.tenants.scopes import Scope


class IsFixed(Refusal):
    code = "planning.calendar.is_fixed"
    status = 409
    zh = "这一项不能在日历上改期，请打开它本身的页面修改。"
    en = "This cannot be moved on the calendar: change it on its own page."


class IsOver(Refusal):
    code = "planning.calendar.is_over"
    status = 409
    zh = "它的展示时间已经结束，不能再改期。如需再次展示，请复制一份新的。"
    en = "Its time is over, so it cannot be moved. To show it again, make a copy of it."


class MomentIsMissing(Refusal):
    code = "planning.calendar.moment_is_missing"
    status = 422
    zh = "请填写有效的日期和时间，例如 2026-11-30 09:00。"
    en = "Give a valid date and time, such as 2026-11-30 09:00."


class Fill(StrEnum):
    """How far a thing is: the fill of its box."""

    DRAFT = "draft"  # hollow, dashed
    REVIEW = "review"  # hollow
    SET = "set"  # solid: approved, and shown now or when its time comes
    DONE = "done"  # grey


class Part(StrEnum):
    """Which of a thing's moments stands there."""

    FROM = "from"
    UNTIL = "until"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page of the calendar shows: days of the zone in which the viewer plans, and at most so many things that
    begin on one of them. `owner`: the person who made it; `kinds`: codes of the layer's own kinds, empty for all.
    """

    days: Sequence[date]
    edges: Sequence[datetime]  # where each day begins, and where the last one ends (UTC)
    zone: ZoneInfo
    most: int
    kinds: frozenset[str] = frozenset()
    owner: UUID | None = None

    @property
    def first(self) -> datetime:
        return self.edges[0]

    @property
    def until(self) -> datetime:
        return self.edges[-1]


@dataclass(frozen=True, slots=True)
class Entry:
    """One box. `at` and `until` are UTC, the end exclusive; a moment has no `until`, and neither has an open end."""

    key: UUID
    part: Part
    at: datetime
    until: datetime | None
    title: str
    kind: str
    fill: Fill
    owner_id: UUID | None
    owner: str
    branch: str
    moves: frozenset[Part] = frozenset()
    is_open: bool = False  # a window without an end


@dataclass(frozen=True, slots=True)
class Found:
    """What a layer has to show, and how many more begin on a day than it says; on some days at least so many."""

    entries: Sequence[Entry]
    more: Mapping[date, int] = field(default_factory=dict)
    at_least: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Mark:
    """Something wrong with a day: a clash, or a gap. `code` tells the kind, `said` is a sentence for people."""

    day: date
    code: str
    said: str
    is_gap: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """What a click opens. `lines`: name and value; `window`: from when until when (FOREVER for no end), and `moves`
    which of the two may be changed there; `page` is the thing's own, `next` what to do next, in words.
    """

    title: str
    kind: str
    state: str
    fill: Fill
    owner: str
    branch: str
    lines: Sequence[tuple[str, str]]
    page: str
    next: str
    window: tuple[datetime, datetime]
    moves: frozenset[Part] = frozenset()
    picture: str = ""
    warning: str = ""


Mover = Callable[[Scope, UUID, Mapping[Part, datetime]], str]


@dataclass(frozen=True, slots=True)
class Layer:
    """`needs`: the verb that it takes to see it. `move` changes moments by the room's own service and answers what that
    means, in a sentence; None where nothing of it may be moved. `marks` says what is wrong with the days asked for.
    """

    code: str
    label: Any
    icon: str
    needs: str
    entries: Callable[[Scope, Asked], Found]
    card: Callable[[Scope, UUID], Card]
    kinds: Callable[[], Sequence[tuple[str, Any]]] = tuple
    move: Mover | None = None
    marks: Callable[[Scope, Asked], Sequence[Mark]] | None = None


_LAYERS: dict[str, Layer] = {}


def register_calendar_layer(layer: Layer) -> None:
    """Add a room's layer. Raises ValueError when the code is taken."""
    if _LAYERS.setdefault(layer.code, layer) is not layer:
        raise ValueError(f"a layer named {layer.code!r} exists already")


def calendar_layers(*, scope: Scope) -> list[Layer]:
    """Those that the scope's party may see, in the order in which they were registered."""
    return [layer for layer in _LAYERS.values() if scope.may(layer.needs)]
