"""When a card of a plan falls due, and when a plan is over. Pure.

A card's day is JSON, one of

    {"on": "2026-12-24"}      that date
    {"weekdays": [1, 5]}      Monday is 1, Sunday is 7
    {"workdays": true}        by the State Council's calendar: make-up days are working days, days off are not
    {"every": 3}              day zero and every third day after it
    {"day": 7}                D+7: the seventh day after day zero
    {"joined": 3}             D+3 of each member: the third day after joining

What falls on a public holiday goes out all the same, on the next or the last working day before, or not at all, as the
card says. Holidays are published a year at a time (`known_until`); beyond, none is known, working days go by the
weekday, and whoever is shown such a day is told that it is not certain.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import chinese_calendar

from campaigns.jobs.recurring_rules import calendar_until, moment_of

DayRule = Mapping[str, Any]
Quiet = tuple[time, time]
ONE = timedelta(days=1)
# The farthest that a card moves round a holiday: the longest one, the weekends beside it, and room.
FARTHEST = timedelta(days=20)
# Longest plans, and members' days: a year.
MOST_DAYS = 366
# Who is a few minutes late was on his way when the quiet hours began.
GRACE = timedelta(minutes=15)
ONCE = "once"


class OnHoliday(StrEnum):
    """What a card does that falls on a public holiday."""

    POST = "post"
    NEXT = "next"
    PREVIOUS = "previous"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A card falls due: on its local `day`, at `due_at` (UTC). `occasion` tells it from all others of the card in one
    group: what happens once is known by that, and is not due again when its day is changed. `is_certain`: the
    holidays around that day are published.
    """

    day: date
    due_at: datetime
    occasion: str
    member_id: UUID | None = None
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class Joining:
    """A member of the group, and the local day on which and the moment (UTC) at which that member joined."""

    member_id: UUID
    day: date
    at: datetime


def known_until() -> date:
    """The last day whose holidays are published."""
    return calendar_until()


@lru_cache(maxsize=4096)
def is_holiday(day: date) -> bool:
    """A day off of the State Council's holidays, with the weekends in them. Nothing is known of other years: False."""
    if not _is_known(day):
        return False
    is_off, name = chinese_calendar.get_holiday_detail(day)
    return bool(is_off and name)


@lru_cache(maxsize=4096)
def is_workday(day: date) -> bool:
    """Beyond what is published: Monday to Friday."""
    return bool(chinese_calendar.is_workday(day)) if _is_known(day) else day.isoweekday() <= 5


def _is_known(day: date) -> bool:
    return _known_from() <= day <= known_until()


@lru_cache(maxsize=1)
def _known_from() -> date:
    return date(min(day.year for day in chinese_calendar.holidays), 1, 1)


def is_for_members(rule: DayRule) -> bool:
    """Whether each member has a day of its own."""
    return "joined" in rule


def is_once(rule: DayRule) -> bool:
    """Whether it falls due once in a group."""
    return "on" in rule or "day" in rule


def is_meant(rule: DayRule, day: date, zero: date) -> bool:
    """Is `day` one of the rule's, whatever the holidays say? `zero`: day zero, or the day of joining."""
    match rule:
        case {"on": on}:
            return bool(day.isoformat() == on)
        case {"weekdays": weekdays}:
            return bool(day.isoweekday() in weekdays)
        case {"workdays": _}:
            return is_workday(day)
        case {"every": n}:
            return bool(day >= zero and (day - zero).days % n == 0)
        case {"day": n} | {"joined": n}:
            return bool((day - zero).days == n)
    raise ValueError(f"no such rule of days: {dict(rule)}")


def moved(day: date, holiday: str) -> date | None:
    """Where a card of `day` goes; None for nowhere."""
    if holiday == OnHoliday.POST or not is_holiday(day):
        return day
    if holiday == OnHoliday.SKIP:
        return None
    step = ONE if holiday == OnHoliday.NEXT else -ONE
    while not is_workday(day):
        day += step
    return day


def due_days(
    rule: DayRule, holiday: str, *, zero: date, first: date, until: date, last: date | None
) -> Iterator[date]:
    """Each local day from `first` to `until`, both included, on which the card goes out, in order and each once.

    `last`: the plan's last day, by which the rule's own day counts; where that is a holiday, what moves may come later.
    """
    found = set()
    for day in _candidates(rule, zero, first, until):
        if (last is None or day <= last) and is_meant(rule, day, zero):
            gone = moved(day, holiday)
            if gone is not None and first <= gone <= until:
                found.add(gone)
    yield from sorted(found)


def _candidates(rule: DayRule, zero: date, first: date, until: date) -> Iterator[date]:
    match rule:
        case {"on": on}:
            yield date.fromisoformat(on)
        case {"day": n} | {"joined": n}:
            yield zero + n * ONE
        case _:
            day = first - FARTHEST
            while day <= until + FARTHEST:
                yield day
                day += ONE


def due_moment(day: date, at: time, zone: str, quiet: Quiet) -> datetime:
    """When (UTC) a card of that day and local time goes out: what falls into quiet hours waits for their end."""
    return moment_of(after_quiet(datetime.combine(day, at), quiet), zone)


def is_quiet(at: time, quiet: Quiet) -> bool:
    """Is this time of day within the quiet hours, which may go over midnight? The end is outside."""
    begins, ends = quiet
    return begins <= at < ends if begins <= ends else at >= begins or at < ends


def after_quiet(local: datetime, quiet: Quiet) -> datetime:
    """`local`, or the end of the quiet hours in which it lies."""
    if not is_quiet(local.time(), quiet):
        return local
    ends = datetime.combine(local.date(), quiet[1])
    return ends if ends > local else ends + ONE


def occurrences(
    rule: DayRule,
    at: time,
    holiday: str,
    *,
    zero: date,
    last: date | None,
    zone: str,
    quiet: Quiet,
    first: datetime,
    until: datetime,
) -> list[Occurrence]:
    """When a card falls due in a group from `first` until `until` (UTC, the end exclusive), in order.

    `zero`: the group's day zero in this plan; `last`: the plan's last day there. Not for cards of members.
    """  # fmt: skip
    where = ZoneInfo(zone)
    from_day, to_day = first.astimezone(where).date() - ONE, until.astimezone(where).date()
    found = []
    for day in due_days(rule, holiday, zero=zero, first=from_day, until=to_day, last=last):
        due = due_moment(day, at, zone, quiet)
        if first <= due < until:
            occasion = ONCE if is_once(rule) else day.isoformat()
            found.append(Occurrence(day, due, occasion, None, _is_certain(day)))
    return found


def occurrences_of_members(
    rule: DayRule,
    at: time,
    holiday: str,
    *,
    joinings: Iterator[Joining] | list[Joining],
    last: date | None,
    zone: str,
    quiet: Quiet,
    first: datetime,
    until: datetime,
) -> list[Occurrence]:
    """When a card that counts from joining falls due for each of these members, from `first` until `until`.

    On the day of joining itself, whoever joins after the card's time has it at the moment of joining.
    """  # fmt: skip
    found = []
    for each in joinings:
        day = each.day + rule["joined"] * ONE
        if last is not None and day > last:
            continue
        gone = moved(day, holiday)
        if gone is None:
            continue
        due = due_moment(gone, at, zone, quiet)
        if due < each.at:
            local = each.at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            due = max(each.at, moment_of(after_quiet(local, quiet), zone))
        if first <= due < until:
            found.append(Occurrence(gone, due, f"m:{each.member_id.hex}", each.member_id, _is_certain(gone)))
    return sorted(found, key=lambda each: (each.due_at, each.occasion))


def _is_certain(day: date) -> bool:
    return day <= known_until()


def last_day(*, zero: date, days: int | None, ends_on: date | None) -> date | None:
    """The plan's last day in a group whose day zero is `zero`: after so many days, or that date, whichever is earlier;
    None where it has no end.
    """
    ends = [zero + days * ONE] if days is not None else []
    ends += [ends_on] if ends_on else []
    return min(ends, default=None)


def ends_early(*, members: int, end_members: int | None) -> bool:
    """Has the plan reached what it was for? `members`: how many are in the group now."""
    return end_members is not None and members >= end_members


def may_still_go(*, due_at: datetime, at: datetime, zone: str, quiet: Quiet) -> bool:
    """May what was due at `due_at` go out at `at`? On the same local day, and not in quiet hours unless it is but a few
    minutes late. What is older is kept and not sent.
    """
    where = ZoneInfo(zone)
    now = at.astimezone(where)
    if at - due_at <= GRACE:
        return True
    return due_at.astimezone(where).date() == now.date() and not is_quiet(now.time(), quiet)
