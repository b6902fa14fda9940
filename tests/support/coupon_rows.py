"""What the books of a batch are made of (`coupon_books.py`)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

SHANGHAI = timezone(timedelta(hours=8))
PAYERS = ("head_office", "branch", "merchant")

BELOW = {"N": ("N", "NC", "NB"), "NC": ("NC", "NB"), "NB": ("NB",)}

OVER = {
    "redeemed": "rewards.coupon.already_redeemed",
    "void": "rewards.coupon.void",
    "given": "rewards.coupon.given",
    "expired": "rewards.coupon.expired",
}


@dataclass
class Said:
    """What one revision of the batch says."""

    kind: str
    threshold: int
    off: int
    percent: int
    days: int
    each: int  # per customer in all
    each_day: int | None
    cap_per_day: int | None
    may_be_given: bool
    quota: int
    claim_from: datetime
    claim_until: datetime


@dataclass
class Used:
    """A redemption: where, when, and what it moved of each payer's money (part, spent)."""

    coupon: Any
    place: str
    at: datetime
    moved: dict[str, tuple[int, int]]
    is_reversed: bool = False
    is_settled: bool = False


@dataclass
class Held:
    """One coupon."""

    who: str
    home: str
    nth: int
    claimed_at: datetime
    starts: datetime
    ends: datetime
    terms: Said
    status: str = "claimed"
    times: int = 0
    order: str = ""
    order_until: datetime | None = None


@dataclass
class Offered:
    coupon: Any
    until: datetime
    is_over: bool = False  # accepted, or taken back


def day_of(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()
