"""What a batch may promise, when a coupon is good, and how both are said. Pure: no ORM, no clock."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.lib.money import short_yuan
from campaigns.rewards.refusals import AmountsDoNotFit, UsableIsUnclear, WindowIsBackward

# status -> the statuses it may move to. The trigger in sql.py is written from this table.
MOVES: dict[str, frozenset[str]] = {
    "claimed": frozenset({"redeemed", "void", "expired"}),
    "redeemed": frozenset({"claimed"}),
    "void": frozenset(),
    "expired": frozenset(),
}

MAX_BUCKETS = 64
# One bucket serves this many coupons; measured contention begins well above, and small shares stay one row.
COUPONS_PER_BUCKET = 200


@dataclass(frozen=True, slots=True)
class Terms:
    """What a coupon gives and when. Amounts in fen, windows with exclusive end, days whole."""

    threshold_fen: int
    off_fen: int
    usable_from: datetime | None
    usable_until: datetime | None
    usable_days: int | None


def check_terms(*, terms: Terms, claim_from: datetime, claim_until: datetime) -> None:
    """Raise the refusal that forbids these terms."""
    if claim_until <= claim_from:
        raise WindowIsBackward
    if terms.off_fen < 1 or terms.threshold_fen < 0 or 0 < terms.threshold_fen < terms.off_fen:
        raise AmountsDoNotFit
    if terms.usable_days is not None:
        if terms.usable_days < 1 or terms.usable_from is not None or terms.usable_until is not None:
            raise UsableIsUnclear
    elif terms.usable_from is None or terms.usable_until is None or terms.usable_until <= terms.usable_from:
        raise UsableIsUnclear


def usable_window(*, terms: Terms, claimed_at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when until before when a coupon claimed at `claimed_at` is good.

    "For 7 days after the claim" ends at the local midnight after the seventh day following the day of the claim,
    so that nobody has less than seven whole days.
    """
    if terms.usable_days is None:
        assert terms.usable_from is not None and terms.usable_until is not None
        return terms.usable_from, terms.usable_until
    last = claimed_at.astimezone(zone).date() + timedelta(days=terms.usable_days + 1)
    return claimed_at, datetime.combine(last, time(), zone)


def is_usable(*, status: str, usable_from: datetime, usable_until: datetime, at: datetime) -> bool:
    """May a coupon be redeemed at `at`? The sweep only tidies: this does not wait for it."""
    return status == "claimed" and usable_from <= at < usable_until


def shown_status(*, status: str, usable_until: datetime, at: datetime) -> str:
    """The status people see: a claimed coupon whose time has passed is expired, swept or not."""
    return "expired" if status == "claimed" and usable_until <= at else status


def _gives(terms: Terms, language: str) -> str:
    off = short_yuan(terms.off_fen)
    if language.startswith("zh"):
        return f"满{short_yuan(terms.threshold_fen)}减{off}" if terms.threshold_fen else f"立减{off}元"
    if terms.threshold_fen:
        return f"¥{off} off orders from ¥{short_yuan(terms.threshold_fen)}"
    return f"¥{off} off any order"


def _day(moment: datetime, zone: ZoneInfo, language: str, *, is_end: bool) -> str:
    """A day as read aloud; an exclusive end at midnight means the day before."""
    local = moment.astimezone(zone) - (timedelta(microseconds=1) if is_end else timedelta())
    day: date = local.date()
    return f"{day.month}月{day.day}日" if language.startswith("zh") else f"{day.day} {_MONTHS[day.month - 1]}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def sentence(*, terms: Terms, zone: ZoneInfo, language: str) -> str:
    """The one sentence a customer reads: "满100减20，领取后7天内有效"."""
    zh = language.startswith("zh")
    gives = _gives(terms, language)
    if terms.usable_days is not None:
        days = terms.usable_days
        if zh:
            return f"{gives}，领取后{days}天内有效"
        return f"{gives}, valid for {days} day{'s' if days > 1 else ''} after claiming"
    if terms.usable_from is None or terms.usable_until is None:
        return gives
    first = _day(terms.usable_from, zone, language, is_end=False)
    last = _day(terms.usable_until, zone, language, is_end=True)
    return f"{gives}，{first}至{last}有效" if zh else f"{gives}, valid {first} to {last}"


def buckets_for(share: int) -> int:
    """How many buckets a branch's share of `share` coupons is spread over: 1 to 64."""
    return max(1, min(MAX_BUCKETS, share // COUPONS_PER_BUCKET))


def spread(quantity: int, held: list[int]) -> list[int]:
    """How many of `quantity` new coupons each bucket gets, so that all come as level as they can.

    `held` is what each bucket was allotted already; the answer has its length, no part below zero, and sums to
    `quantity`.
    """
    level = list(held)
    given = [0] * len(held)
    # Fill the low ones up to a common height; then deal what is left one by one.
    order = sorted(range(len(held)), key=lambda i: (held[i], i))
    left = quantity
    for place in range(len(order)):
        reach = order[: place + 1]
        height = held[order[place + 1]] if place + 1 < len(order) else None
        if height is None:
            share, rest = divmod(left, len(reach))
            for turn, i in enumerate(reach):
                given[i] += share + (turn < rest)
            return given
        step = min(left // len(reach), height - level[reach[0]])
        for i in reach:
            given[i] += step
            level[i] += step
        left -= step * len(reach)
        if left < len(reach):
            for i in reach[:left]:
                given[i] += 1
            return given
    return given


def masked_code(code: str) -> str:
    """A code on a screen of staff: its last group only."""
    return f"····· {code[-5:]}"
