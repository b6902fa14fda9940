"""When something recurring happens: a rule in local time, its days and its moments. Pure.

A rule is JSON: `{"days": ..., "times": ["09:00", "14:30"]}`, where days is one of

    {"every": "day"}               each day
    {"weekdays": [1, 5]}           Monday is 1, Sunday is 7
    {"month_days": [1, 15, -1]}    -1 is the last day of a month; a day that a month does not have is left out
    {"every": "workday"}           by the State Council's calendar: make-up days are workdays, holidays are not
    {"every": "rest_day"}          the others

The calendar is published a year at a time; beyond its last year nobody knows, and nothing is guessed.
"""

import calendar
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import chinese_calendar

from campaigns.lib.refusals import Refusal

Rule = Mapping[str, Any]
MOST_TIMES = 288
_MINUTE = timedelta(minutes=1)


class CalendarEnds(Refusal):
    """`until`: the last day that is known, None when not even the first one is."""

    code = "jobs.recurring.calendar_ends"
    status = 409
    zh = "法定节假日与调休安排目前只到 {year} 年；之后的日子在安排公布、系统更新后自动补排，在此之前不猜测。"
    en = (
        "Holidays and make-up days are known until {year}; what comes later is laid by itself once they are published"
        " and the system is updated, and is not guessed before."
    )


class RuleIsWrong(Refusal):
    code = "jobs.recurring.rule_is_wrong"
    status = 400
    zh = "重复规则无效：{part}。"
    en = "The rule does not hold: {part}."


class NoSuchZone(Refusal):
    code = "jobs.recurring.no_such_zone"
    status = 400
    zh = "没有时区“{zone}”。"
    en = "There is no time zone “{zone}”."


def checked(rule: Rule) -> dict[str, Any]:
    """The rule in its plain form: days in order, times in order, each once. Raises RuleIsWrong."""
    if set(rule) != {"days", "times"} or not isinstance(rule["days"], Mapping) or len(rule["days"]) != 1:
        raise RuleIsWrong(part="days, times")
    [(how, which)] = rule["days"].items()
    if how == "every":
        if which not in ("day", "workday", "rest_day"):
            raise RuleIsWrong(part=str(which))
    elif how in ("weekdays", "month_days"):
        allowed = range(1, 8) if how == "weekdays" else (-1, *range(1, 32))
        if (
            not isinstance(which, list)
            or not which
            or any(type(d) is not int or d not in allowed for d in which)
        ):
            raise RuleIsWrong(part=f"{how} {which}")
        which = sorted(set(which), key=lambda day: day if day > 0 else 99)
    else:
        raise RuleIsWrong(part=str(how))
    times = rule["times"]
    if not isinstance(times, list) or not 0 < len(times) <= MOST_TIMES:
        raise RuleIsWrong(part="times")
    return {"days": {how: which}, "times": sorted({_time(text).strftime("%H:%M") for text in times})}


def zone_of(name: str) -> ZoneInfo:
    """The zone of this IANA name. Raises NoSuchZone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NoSuchZone(zone=name) from None


def needs_calendar(rule: Rule) -> bool:
    """Whether the rule speaks of Chinese workdays or rest days."""
    return rule["days"].get("every") in ("workday", "rest_day")


@lru_cache(maxsize=1)
def calendar_until() -> date:
    """The last day whose holidays and make-up days are published, as far as this release knows."""
    return date(max(day.year for day in chinese_calendar.holidays), 12, 31)


def public_holidays(first: date, until: date) -> list[date]:
    """Days off of the State Council's holidays from `first` to `until`, both included: with the days that are moved to
    them, and without plain weekends. Raises CalendarEnds when it cannot know.
    """
    if until > calendar_until():
        raise CalendarEnds(year=calendar_until().year)
    days = (first + timedelta(days=n) for n in range((until - first).days + 1))
    return [day for day in days if all(chinese_calendar.get_holiday_detail(day))]


def days_of(rule: Rule, first: date, until: date) -> list[date]:
    """The days of the rule from `first` to `until`, both included. Raises CalendarEnds when it cannot know."""
    if needs_calendar(rule) and until > calendar_until():
        raise CalendarEnds(year=calendar_until().year)
    span = (until - first).days + 1
    return [day for day in (first + timedelta(days=n) for n in range(span)) if _is_meant(rule["days"], day)]


def occurrences(rule: Rule, zone: str, first: date, until: date) -> list[tuple[datetime, datetime]]:
    """Each (local time, moment in UTC) from the day `first` to the day `until`, both included, in order of local time.

    Raises CalendarEnds when the rule needs a calendar that does not reach so far, NoSuchZone.
    """
    zone_of(zone)
    times = [_time(text) for text in rule["times"]]
    return [
        (local, moment_of(local, zone))
        for day in days_of(rule, first, until)
        for local in (datetime.combine(day, at) for at in times)
    ]


def moment_of(local: datetime, zone: str) -> datetime:
    """The first moment (UTC) at which the clock on the wall shows `local`, or has just gone past it.

    A repeated time is its first pass; one that is left out is the first minute after the gap.
    """
    where = zone_of(zone)
    moment = local.replace(tzinfo=where, fold=0).astimezone(UTC)
    if moment.astimezone(where).replace(tzinfo=None) == local:
        return moment
    # In a gap: the two readings lie on both sides of the jump, and the jump itself is the answer.
    before = local.replace(tzinfo=where, fold=1).astimezone(UTC)
    low, high = min(before, moment), max(before, moment)
    at_first = low.astimezone(where).utcoffset()
    while high - low > _MINUTE:
        middle = low + (high - low) // 2 // _MINUTE * _MINUTE
        if middle.astimezone(where).utcoffset() == at_first:
            low = middle
        else:
            high = middle
    return high


def _is_meant(days: Mapping[str, Any], day: date) -> bool:
    every = days.get("every")
    if every == "day":
        return True
    if every:
        return bool(chinese_calendar.is_workday(day) == (every == "workday"))
    if "weekdays" in days:
        return day.isoweekday() in days["weekdays"]
    last = calendar.monthrange(day.year, day.month)[1]
    return day.day in days["month_days"] or (day.day == last and -1 in days["month_days"])


def _time(text: object) -> time:
    try:
        return datetime.strptime(str(text), "%H:%M").time()  # noqa: DTZ007 - a time of day has no zone
    except ValueError:
        raise RuleIsWrong(part=str(text)) from None
