"""What the ledger decides, as pure functions: the key of a movement, and when points lapse. The database does the same
sum (sql/ledger.py); a test compares them.
"""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from campaigns.lib.clock import FOREVER

# What keys of movements are made from names in; random, once.
_KEYS = UUID("6f1c9d36-4a5e-4a57-9a43-0f0a3c7d1be2")


def key_of(*parts: object) -> UUID:
    """Why a movement can happen once only, as one key: who asks for it and what for, in words that never change."""
    return uuid5(_KEYS, "|".join(map(str, parts)))


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or that month's last day: 31 January and one month is the end of February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    after = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), after - timedelta(days=1))


def expires_at(*, begins: datetime, months: int | None, ends: str, zone: str) -> datetime:
    """When points lapse that come into force at `begins` (UTC) for n months; FOREVER without months.

    The midnight, by the clock of the home branch, after the last day on which they are good: n months later to the day,
    or to the end of the month, quarter or year that this day lies in.
    """
    if months is None:
        return FOREVER
    day = add_months(begins.astimezone(ZoneInfo(zone)).date(), months)
    if ends == "day":
        last = day
    else:
        length = {"month": 1, "quarter": 3, "year": 12}[ends]
        first = day.replace(day=1, month=(day.month - 1) // length * length + 1)
        last = add_months(first, length) - timedelta(days=1)
    return datetime.combine(last + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
