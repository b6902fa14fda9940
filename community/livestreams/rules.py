"""What livestreams go by. Pure: no ORM, no clock."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """How far an approved livestream is."""

    PLANNED = "planned", _("planned")
    ANNOUNCED = "announced", _("announced")
    LIVE = "live", _("live now")
    ENDED = "ended", _("over")
    REPLAY = "replay", _("replay")
    CANCELLED = "cancelled", _("cancelled")


# From -> to. What is cancelled stands again when it is approved again. The database keeps the same table
# (sql/showings.py), and a test compares the two.
MOVES: frozenset[tuple[str, str]] = frozenset(
    {
        ("planned", "announced"),
        ("planned", "live"),
        ("planned", "cancelled"),
        ("announced", "planned"),
        ("announced", "live"),
        ("announced", "cancelled"),
        ("cancelled", "planned"),
        ("live", "ended"),
        ("ended", "replay"),
        ("replay", "ended"),
    }
)
# As customers read them: a drop, and a comment of their own.
DROP_STATES = ("coming", "open", "over")
COMMENT_STATES = ("shown", "held")
COMING = (State.PLANNED, State.ANNOUNCED)

# A livestream that nobody started, or ended, by hand does so by itself so long after its time.
STARTS_AFTER = timedelta(minutes=10)
ENDS_AFTER = timedelta(minutes=30)
# Nobody starts earlier than this before the time that was approved.
STARTS_BEFORE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
MINUTES = int((LONGEST + ENDS_AFTER).total_seconds()) // 60

# A beat comes about every fifteen seconds. Who has not beaten for so long does not watch now.
BEAT = timedelta(seconds=15)
ABSENT_AFTER = timedelta(seconds=45)

# Counts of a row of a form.
MOST_HOSTS, MOST_LINES, MOST_PRODUCTS, MOST_DROPS, MOST_QUESTIONS = 8, 40, 12, 8, 8


def same_weekday_before(day: date) -> date:
    """The day that a livestream is compared with: the same weekday of the week before."""
    return day - timedelta(days=7)


def interaction_rate(*, viewers: int, active: int) -> float | None:
    """Of those who watched, the part that did something: said, liked, answered or claimed. None without a viewer."""
    return active / viewers if viewers else None


def overlaps(first: tuple[datetime, datetime], second: tuple[datetime, datetime]) -> bool:
    return first[0] < second[1] and second[0] < first[1]


def minute_of(*, at: datetime, since: datetime) -> int:
    """Whole minutes from the beginning; never below zero."""
    return max(0, int((at - since).total_seconds()) // 60)


def runs_minutes(lines: Sequence[tuple[int, int]]) -> int:
    """At which minute the last line of a run-sheet (minute, length) is over."""
    return max((minute + length for minute, length in lines), default=0)
