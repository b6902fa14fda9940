"""What one event comes to under a rule: pure, and the same for earning and for a trial run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

PERIODS = ("day", "week", "month", "all")
MOST = 1_000_000_000  # points in one movement (services/postings.py)
_ALWAYS = date(1, 1, 1)

# Why an event gave nothing, or less than asked. "" stands for all of it.
Word = Literal["", "not_for", "too_little", "trimmed", "capped", "times_day", "times_all"]
By = Literal["weekday", "tag", "branch"]


class Boost(NamedTuple):
    """`percent` of the points for who or when it fits: a weekday (Monday is 1), a tag's id, or a branch's id."""

    by: By
    of: int
    percent: int


class Span(NamedTuple):
    """The positions of a branch and all below it."""

    lo: int
    hi: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """What a rule gives, as far as one event goes. `spans`: where the branches stand that it names."""

    points: int
    per: int | None = None
    boosts: Sequence[Boost] = ()
    caps: Mapping[str, int]
    times: Mapping[str, int]
    branches: Sequence[int] = ()
    tags_any: frozenset[int] = frozenset()
    tags_none: frozenset[int] = frozenset()
    spans: Mapping[int, Span]

    def periods(self) -> tuple[str, ...]:
        """Those in which something is counted."""
        return tuple(each for each in PERIODS if each in self.caps or each in self.times)


class Deed(NamedTuple):
    """What a customer did: its local day, the number that is counted, and who the customer is. `tier`: the multiplier
    of the customer's tier, in percent; 100 is none.
    """

    day: date
    amount: int | None
    pos: int
    tags: frozenset[int]
    tier: int = 100


class Counted(NamedTuple):
    points: int
    times: int


NONE = Counted(0, 0)


class Verdict(NamedTuple):
    """`asked`: what it gives without caps; `points`: what is given; `word`: why not all. `by_tier`: the multiplier of
    the customer's tier was the highest, so that the statement names it.
    """

    asked: int
    points: int
    word: Word
    by_tier: bool = False


def starts(period: str, day: date) -> date:
    """The first day of the period in which a local day lies."""
    if period == "day":
        return day
    if period == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period == "month" else _ALWAYS


def local_day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def verdict(*, giving: Giving, deed: Deed, counted: Mapping[str, Counted]) -> Verdict:
    """What one event comes to, when so much was given in each period (`PERIODS`) before.

    Points are rounded down, after the multiplier. The highest multiplier that fits applies, that of the customer's tier
    among them, and they never multiply each other. Times refuse before caps trim: what is refused or trimmed to nothing
    counts as no time.
    """
    if not _is_for(giving, deed):
        return Verdict(0, 0, "not_for")
    units = 1 if giving.per is None else max(0, deed.amount or 0) // giving.per
    percent, by_tier = _percent(giving, deed)
    asked = min(units * giving.points * percent // 100, MOST)
    if asked == 0:
        return Verdict(0, 0, "too_little")
    for period, most in giving.times.items():
        if counted.get(period, NONE).times >= most:
            return Verdict(asked, 0, "times_day" if period == "day" else "times_all")
    left = min((cap - counted.get(period, NONE).points for period, cap in giving.caps.items()), default=asked)
    points = max(0, min(asked, left))
    return Verdict(asked, points, "" if points == asked else "trimmed" if points else "capped", by_tier)


def counted_with(counted: Mapping[str, Counted], points: int, periods: Sequence[str]) -> dict[str, Counted]:
    """The counts after so many points were given once more."""
    return {
        period: Counted(before.points + points, before.times + 1)
        for period in periods
        for before in (counted.get(period, NONE),)
    }


def _is_for(giving: Giving, deed: Deed) -> bool:
    if giving.branches and not any(_stands(giving, branch, deed.pos) for branch in giving.branches):
        return False
    if giving.tags_any and not giving.tags_any & deed.tags:
        return False
    return not giving.tags_none & deed.tags


def _percent(giving: Giving, deed: Deed) -> tuple[int, bool]:
    """The highest multiplier that fits, and whether it is the tier's: of two alike it is the rule's."""
    rules = max((boost.percent for boost in giving.boosts if _fits(giving, boost, deed)), default=100)
    return (deed.tier, True) if deed.tier > max(rules, 100) else (rules, False)


def _fits(giving: Giving, boost: Boost, deed: Deed) -> bool:
    if boost.by == "weekday":
        return deed.day.isoweekday() == boost.of
    return boost.of in deed.tags if boost.by == "tag" else _stands(giving, boost.of, deed.pos)


def _stands(giving: Giving, branch: int, pos: int) -> bool:
    span = giving.spans.get(branch)
    return span is not None and span.lo <= pos <= span.hi
