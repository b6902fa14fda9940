"""The oracle of local times: it looks at the clock on the wall, minute by minute, and knows nothing of our rules."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@cache
def every_zone() -> tuple[str, ...]:
    """All of tzdata, but for the two that are no place's."""
    return tuple(sorted(available_timezones() - {"localtime", "Factory"}))


def wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clock on the wall shows at a moment."""
    return moment.astimezone(zone).replace(tzinfo=None)


def asked_for(first: date, days: int, times: Iterable[str]) -> list[datetime]:
    """Every wall-clock time on so many days, in order."""
    found = [datetime.fromisoformat(f"{first + timedelta(days=n)}T{at}") for n in range(days) for at in times]
    return sorted(found)


def seen_at(zone: str, locals_: list[datetime], *, by_minutes: bool) -> dict[datetime, datetime]:
    """Local time -> the first moment (UTC) at which the clock shows it or has gone past it.

    Walks every minute, or (faster) every hour, and the minutes of those hours in which the clock is changed.
    """
    where, found, place = ZoneInfo(zone), {}, 0
    walk = _minutes if by_minutes else _hours
    for moment, shown, lasts in walk(where, locals_[0] - 2 * 24 * HOUR, locals_[-1] + 3 * 24 * HOUR):
        while place < len(locals_) and shown + lasts > locals_[place]:
            found[locals_[place]] = moment + max(locals_[place] - shown, timedelta())
            place += 1
    assert place == len(locals_)
    return found


def _minutes(
    where: ZoneInfo, first: datetime, last: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    moment, end = first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)
    while moment < end:
        yield moment, wall(moment, where), MINUTE
        moment += MINUTE


def _hours(
    where: ZoneInfo, first: datetime, last: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    moment, end = first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)
    while moment < end:
        shown = wall(moment, where)
        if wall(moment + HOUR, where) - shown == HOUR:
            yield moment, shown, HOUR
        else:
            yield from _minutes(where, moment.replace(tzinfo=None), (moment + HOUR).replace(tzinfo=None))
        moment += HOUR
