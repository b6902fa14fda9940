"""What the desk of a livestream shows: before it, while it runs, after it. Reads alone; the verbs are in services/."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connections
from django.utils.translation import gettext

from campaigns.lib.refs import ref
from campaigns.rewards.models import LiveBatch, Release
from campaigns.tenants.scopes import Scope
from community.livestreams.figures import line_of, watching_now
from community.livestreams.models import Broadcast, Comment, Showing
from community.livestreams.rules import State, minute_of

_COMMENTS = 60
# The drawing's own units; it is stretched to the page.
WIDE, HIGH = 720, 160


@dataclass(frozen=True, slots=True)
class DropShown:
    """A drop at the desk. `state`: coming, open, over or none (not laid yet); moments UTC."""

    id: str
    title: str
    words: str
    minute: int | None
    minutes: int
    state: str
    opens_at: datetime | None
    closes_at: datetime | None
    claimed: int
    may_open: bool

    @property
    def state_words(self) -> str:
        return {
            "open": gettext("open now"),
            "over": gettext("over"),
            "coming": gettext("coming"),
            "hand": gettext("when the host drops it"),
        }[self.state]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The line of viewers as a drawing: `path` and `before` (another livestream's) in WIDE by HIGH units."""

    path: str
    area: str
    before: str
    peak: int
    minutes: int
    marks: tuple[tuple[float, str, str], ...]

    @property
    def half(self) -> int:
        return self.minutes // 2

    @property
    def wide(self) -> int:
        return WIDE

    @property
    def high(self) -> int:
        return HIGH


def drops_at_desk(*, scope: Scope, live: Broadcast, showing: Showing) -> list[DropShown]:
    """The drops of a livestream, each with when it is open and how many have claimed it."""
    keys = [UUID(drop["batch"]) for drop in live.drops]
    titles = dict(LiveBatch.objects.visible(scope).filter(batch_id__in=keys).values_list("batch_id", "title"))
    laid = {
        each.slot: each
        for each in Release.objects.visible(scope).filter(
            cause=ref("community.livestream", live.livestream_id)
        )
    }
    claimed = _claimed(scope, live.livestream_id)
    found = []
    for drop in live.drops:
        release = laid.get(UUID(drop["id"]))
        state = "hand" if drop["minute"] is None else "coming"
        if release is not None:
            is_over = release.released_until <= scope.at
            state = "over" if is_over else "open" if release.released_from <= scope.at else "coming"
        elif showing.state not in (State.PLANNED, State.ANNOUNCED, State.LIVE):
            state = "over"
        found.append(
            DropShown(
                drop["id"],
                titles.get(UUID(drop["batch"]), gettext("(taken down)")),
                drop["words"],
                drop["minute"],
                drop["minutes"],
                state,
                release.released_from if release else None,
                release.released_until if release else None,
                claimed.get(drop["id"], 0),
                showing.state == State.LIVE
                and state in ("coming", "hand")
                and UUID(drop["batch"]) in titles
                and scope.may("community.livestream.run"),
            )
        )
    return found


def now_at_desk(*, scope: Scope, live: Broadcast, showing: Showing) -> dict[str, Any]:
    """What changes while it runs."""
    line = line_of(scope=scope, livestream_id=live.livestream_id)
    comments = (
        Comment.objects.within(scope).filter(livestream_id=live.livestream_id).select_related("customer")
    )
    return {
        "watching": watching_now(scope=scope, livestream_id=live.livestream_id)
        if showing.state == State.LIVE
        else 0,
        "drawn": drawn(line, marks=_marks(live, showing)),
        "drops": drops_at_desk(scope=scope, live=live, showing=showing),
        "comments": list(comments[:_COMMENTS]),
        "may_moderate": scope.may("community.livestream.moderate"),
    }


def sheet_at_desk(
    *, live: Any, showing: Showing | None, at: datetime, zone: ZoneInfo
) -> list[dict[str, Any]]:
    """The run-sheet with its clock times; the line that is on now, and those that are over, are marked."""
    begins = (showing.started_at if showing else None) or live.planned_from
    minute = minute_of(at=at, since=begins) if showing is not None and showing.state == State.LIVE else None
    return [
        {
            **line,
            "from": (begins + timedelta(minutes=line["minute"])).astimezone(zone),
            "until": (begins + timedelta(minutes=line["minute"] + line["minutes"])).astimezone(zone),
            "is_on": minute is not None and line["minute"] <= minute < line["minute"] + line["minutes"],
            "is_over": minute is not None and line["minute"] + line["minutes"] <= minute,
        }
        for line in sorted(live.run_sheet, key=lambda each: each["minute"])
    ]


def drawn(line: list[int], *, before: list[int] | None = None, marks: Any = ()) -> Drawn:
    """Two lines over the same minutes and the same height, so that they can be compared."""
    other = before or []
    minutes = max(len(line), len(other), 2)
    peak = max([*line, *other, 1])

    def path(values: list[int]) -> str:
        values = values * 2 if len(values) == 1 else values  # a point is no line
        spots = [
            f"{nth * WIDE / (minutes - 1):.1f},{HIGH - value * (HIGH - 8) / peak:.1f}"
            for nth, value in enumerate(values)
        ]
        return "M" + " L".join(spots) if spots else ""

    own = path(line)
    last = (len(line) - 1) * WIDE / (minutes - 1) if line else 0
    area = f"{own} L{last:.1f},{HIGH} L0,{HIGH} Z" if own else ""
    placed = tuple(
        (minute * WIDE / (minutes - 1), kind, said) for minute, kind, said in marks if minute < minutes
    )
    return Drawn(own, area, path(other), max(line, default=0), minutes - 1, placed)


def _marks(live: Broadcast, showing: Showing) -> list[tuple[int, str, str]]:
    return [(drop["minute"], "drop", drop["words"]) for drop in live.drops if drop["minute"] is not None]


def _claimed(scope: Scope, livestream_id: UUID) -> Mapping[str, int]:
    """Coupons claimed while each drop was open: drop -> how many."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            "SELECT r.slot::text, count(c.id) FROM rewards_release r JOIN rewards_coupon c ON c.batch_id = r.batch_id"
            " AND c.claimed_at >= r.released_from AND c.claimed_at < r.released_until"
            " WHERE r.cause = %s GROUP BY r.slot",
            [ref("community.livestream", livestream_id)],
        )
        return dict(cursor.fetchall())
