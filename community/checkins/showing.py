"""What came of a programme, as its page draws it: bars with their widths, and a line for each group."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext

from community.checkins.models import Programme
from community.checkins.selectors import QUIET_DAYS, STREAK_BARS, Came


@dataclass(frozen=True, slots=True)
class Bar:
    """`width` of 100."""

    label: Any
    many: int
    width: float
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class ShownCame:
    """`days`: the newest first; `share`: of the members who took part, in percent."""

    came: Came
    days: list[Bar]
    streaks: list[Bar]
    groups: list[tuple[Any, float]]
    share: int
    quiet_words: str
    budget_width: float | None


def shown_came(*, programme: Programme, came: Came) -> ShownCame:
    """Widths are of the largest bar, those of groups of the goal (or of their members, where there is none)."""
    return ShownCame(
        came=came,
        days=_bars([(day, many, counts) for day, many, counts in reversed(came.days)]),
        streaks=_bars([(_streak_words(least), many, True) for least, many in came.streaks]),
        groups=[(each, _part(each.counted, programme.goal_count)) for each in came.groups],
        share=round(100 * came.people / came.members) if came.members else 0,
        quiet_words=gettext("not here for %(days)s days") % {"days": QUIET_DAYS},
        budget_width=_part(*came.budget) if came.budget else None,
    )


def _bars(rows: list[tuple[date | str, int, bool]]) -> list[Bar]:
    most = max((many for _label, many, _counts in rows), default=0)
    return [Bar(label, many, _part(many, most), not counts) for label, many, counts in rows]


def _part(some: int, whole: int) -> float:
    return round(min(100.0, 100 * some / whole), 1) if whole else 0.0


def _streak_words(least: int) -> str:
    at = STREAK_BARS.index(least)
    if at + 1 == len(STREAK_BARS):
        return gettext("%(days)s days and more") % {"days": least}
    return gettext("%(first)s–%(last)s days") % {"first": least, "last": STREAK_BARS[at + 1] - 1}
