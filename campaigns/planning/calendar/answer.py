"""What the page's script is told: boxes, and what is wrong with a day."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext, ngettext

from campaigns.planning.calendar.asking import Filters
from campaigns.planning.calendar.layers import Asked, Entry, Layer, Mark, Part, calendar_layers
from campaigns.tenants.scopes import Scope

MARKS = "marks"
_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


def calendar_answer(*, scope: Scope, asked: Asked, filters: Filters) -> list[dict[str, Any]]:
    """All boxes of the days asked for, as FullCalendar takes them; moments as clocks of the branch's zone say them."""
    boxes: list[dict[str, Any]] = []
    more: dict[date, int] = {}
    floors: set[date] = set()
    for layer in calendar_layers(scope=scope):
        # What is wrong with a day is nobody's own, and is said where its layer is not shown, too.
        if layer.marks is not None and not filters.owner and filters.shows(MARKS, of=layer.code):
            boxes += _marked(layer.marks(scope, asked))
        if not filters.shows(layer.code):
            continue
        found = layer.entries(scope, filters.asked_of(layer.code, asked))
        boxes += [_box(layer, entry, asked) for entry in found.entries]
        floors |= found.at_least
        for day, many in found.more.items():
            more[day] = more.get(day, 0) + many
    return boxes + [_rest(day, many, day in floors) for day, many in sorted(more.items())]


def _box(layer: Layer, entry: Entry, asked: Asked) -> dict[str, Any]:
    """A moment stands at its time; a window is a bar over its days, cut off where the page ends."""
    first = Part.FROM if entry.part is Part.WINDOW else entry.part
    box: dict[str, Any] = {
        "id": f"{layer.code}:{entry.key}:{entry.part}:{entry.fill}",
        "title": _before(entry.part) + entry.title,
        "start": _local(entry.at, asked),
        "classNames": [f"cal-{layer.code}", f"is-{entry.fill}"],
        "startEditable": first in entry.moves,
        "durationEditable": False,
        "layer": layer.code,
        "thing": str(entry.key),
        "part": entry.part,
        "fill": entry.fill,
        "owner": [str(entry.owner_id or ""), entry.owner],
        "branch": entry.branch,
        "at": _local(entry.at, asked),
        "until": _local(entry.until, asked) if entry.until else "",
        # What happens on a day stands above what runs through it.
        "rank": 2,
    }
    if entry.part is Part.WINDOW:
        begins = entry.at.astimezone(asked.zone).date()
        last = entry.until or asked.until + 2 * _DAY
        ends = (last - _INSTANT).astimezone(asked.zone).date() + _DAY
        before, after = asked.days[0] - _DAY, asked.days[-1] + 2 * _DAY
        box |= {
            "rank": 3,
            "allDay": True,
            "start": max(begins, before).isoformat(),
            "end": min(ends, after).isoformat(),
            # What runs beyond the page is moved where its edge is seen, or by its card.
            "startEditable": box["startEditable"] and begins > before and ends < after,
            "durationEditable": Part.UNTIL in entry.moves and entry.until is not None and ends < after,
        }
    return box


def _marked(marks: Sequence[Mark]) -> Iterator[dict[str, Any]]:
    """What is wrong on days in a row is one bar."""
    runs: list[tuple[Mark, date]] = []
    latest: dict[str, int] = {}
    for mark in sorted(marks, key=lambda each: (each.day, each.said)):
        nth = latest.get(mark.said)
        if nth is not None and runs[nth][1] == mark.day:
            runs[nth] = (runs[nth][0], mark.day + _DAY)
        else:
            latest[mark.said] = len(runs)
            runs.append((mark, mark.day + _DAY))
    for mark, until in runs:
        yield {
            "id": f"{MARKS}:{mark.code}:{mark.day}:{mark.said}",
            "title": mark.said,
            "start": mark.day.isoformat(),
            "end": until.isoformat(),
            "allDay": True,
            "editable": False,
            "classNames": ["cal-marks", "is-gap" if mark.is_gap else "is-clash"],
            "layer": MARKS,
            "rank": 1,
        }


def _rest(day: date, many: int, is_floor: bool) -> dict[str, Any]:
    """What is not listed of a day: said where it is counted. A floor is a number that nobody counted on from."""
    sign = "+" if is_floor else ""
    return {
        "id": f"rest:{day}",
        "title": ngettext("%(many)s more is not listed", "%(many)s more are not listed", many)
        % {"many": f"{many:,}{sign}"},
        "start": day.isoformat(),
        "allDay": True,
        "editable": False,
        "classNames": ["cal-rest"],
        "layer": "rest",
        "day": day.isoformat(),
        "many": many,
        "sign": sign,
        "rank": 4,
    }


def _local(moment: datetime, asked: Asked) -> str:
    return moment.astimezone(asked.zone).replace(tzinfo=None).isoformat(timespec="seconds")


def _before(part: Part) -> str:
    """What stands before the title."""
    return {Part.FROM: "▸ ", Part.UNTIL: gettext("Ends") + " · ", Part.WINDOW: ""}[part]
