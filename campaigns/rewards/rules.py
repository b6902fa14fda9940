"""What a batch may promise, when a coupon is good, and what it is worth. Pure: no ORM, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.jobs.recurring_rules import days_of, public_holidays
from campaigns.rewards.refusals.coupons import (
    AmountsDoNotFit,
    CirclesDoNotHold,
    DaysAreUnclear,
    UsableIsUnclear,
    WindowIsBackward,
)

# status -> the statuses it may move to. The trigger (sql_life.py) is written from this table. Being set aside for an
# order and being offered as a gift are no statuses: both are over by the clock alone.
MOVES: dict[str, frozenset[str]] = {
    "held": frozenset({"claimed", "void", "expired"}),
    # Given: somebody else holds another coupon in its place.
    "claimed": frozenset({"redeemed", "void", "expired", "given"}),
    # A redemption was reversed.
    "redeemed": frozenset({"claimed"}),
    "void": frozenset(),
    # Extended within EXTEND_WITHIN of its end.
    "expired": frozenset({"claimed"}),
    "given": frozenset(),
}

# So long after its end a coupon can still be extended, which makes it good again.
EXTEND_WITHIN = timedelta(days=30)

# kind -> the amounts that are its own, beside `off_fen`, which each has. All others are empty.
OWN_AMOUNTS: dict[str, frozenset[str]] = {
    "cash_off": frozenset({"threshold_fen"}),
    "percent_off": frozenset({"threshold_fen", "percent"}),
    "gift": frozenset({"thing"}),
    "top_up": frozenset({"face_value", "face_unit"}),
    "bank_right": frozenset({"thing"}),
    "red_packet": frozenset(),
}
_MUST = {"percent", "thing", "face_value", "face_unit"}
AMOUNTS = ("threshold_fen", "percent", "thing", "face_value", "face_unit")
MOST_CIRCLES = 20


@dataclass(frozen=True, slots=True)
class Terms:
    """What a coupon gives, when and where. Amounts in fen, windows with exclusive end, days whole.

    `off_fen` is the most it is worth. `hours`: local time of the place of redemption, over midnight when they go
    backwards. `weekdays`: Monday is 1, empty for every day. `places`, `merchants`: names, for the sentence. `circles`:
    latitude and longitude in millionths of a degree, and metres.
    """

    threshold_fen: int
    off_fen: int
    usable_from: datetime | None
    usable_until: datetime | None
    usable_days: int | None
    kind: str = "cash_off"
    percent: int | None = None
    thing: str = ""
    face_value: int | None = None
    face_unit: str = ""
    usable_after_days: int = 0
    hours_from: time | None = None
    hours_until: time | None = None
    weekdays: tuple[int, ...] = ()
    day_rule: str = ""
    places: tuple[str, ...] = ()
    merchants: tuple[str, ...] = ()
    circles: tuple[tuple[int, int, int], ...] = ()


def check_terms(*, terms: Terms, claim_from: datetime, claim_until: datetime) -> None:
    """Raise the refusal that forbids these terms."""
    if claim_until <= claim_from:
        raise WindowIsBackward
    own = OWN_AMOUNTS[terms.kind]
    if any(bool(getattr(terms, name)) and name not in own for name in AMOUNTS):
        raise AmountsDoNotFit
    if any(not getattr(terms, name) for name in own & _MUST):
        raise AmountsDoNotFit
    if terms.off_fen < 1 or terms.threshold_fen < 0:
        raise AmountsDoNotFit
    if terms.kind == "cash_off" and 0 < terms.threshold_fen < terms.off_fen:
        raise AmountsDoNotFit
    if terms.percent is not None and not 1 <= terms.percent <= 99:
        raise AmountsDoNotFit
    if terms.usable_days is not None:
        if terms.usable_days < 1 or terms.usable_from is not None or terms.usable_until is not None:
            raise UsableIsUnclear
    elif terms.usable_from is None or terms.usable_until is None or terms.usable_until <= terms.usable_from:
        raise UsableIsUnclear
    if terms.usable_after_days < 0 or (terms.usable_after_days and terms.usable_days is None):
        raise UsableIsUnclear
    if (terms.hours_from is None) != (terms.hours_until is None) or (
        terms.hours_from is not None and terms.hours_from == terms.hours_until
    ):
        raise DaysAreUnclear
    if any(day not in range(1, 8) for day in terms.weekdays):
        raise DaysAreUnclear
    if len(terms.circles) > MOST_CIRCLES or not all(_is_circle(*circle) for circle in terms.circles):
        raise CirclesDoNotHold


def _is_circle(lat: int, lon: int, metres: int) -> bool:
    return abs(lat) <= 90_000_000 and abs(lon) <= 180_000_000 and 10 <= metres <= 100_000


def usable_window(*, terms: Terms, claimed_at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when until before when a coupon claimed at `claimed_at` is good.

    "For 7 days after the claim" ends at the local midnight after the seventh day following the day of the claim,
    so that nobody has less than seven whole days. "From day 3 for 7 days" are the seven days that begin at the local
    midnight three days after the day of the claim.
    """
    if terms.usable_days is None:
        assert terms.usable_from is not None and terms.usable_until is not None
        return terms.usable_from, terms.usable_until
    today = claimed_at.astimezone(zone).date()
    first = today + timedelta(days=max(terms.usable_after_days, 1))
    last = datetime.combine(first + timedelta(days=terms.usable_days), time(), zone)
    return (datetime.combine(first, time(), zone) if terms.usable_after_days else claimed_at), last


def open_days(
    *, terms: Terms, claim_from: datetime, claim_until: datetime, zones: Sequence[ZoneInfo]
) -> list[date]:
    """The days that `day_rule` means, from the first on which any coupon can be used to the last; [] without a rule.

    `zones`: those of the branches concerned. Raises CalendarEnds when the calendar does not reach so far.
    """
    if not terms.day_rule:
        return []
    moment = timedelta(microseconds=1)
    spans = [
        (start.astimezone(zone).date(), (end - moment).astimezone(zone).date())
        for claimed_at in (claim_from, claim_until - moment)
        for zone in zones
        for start, end in [usable_window(terms=terms, claimed_at=claimed_at, zone=zone)]
    ]
    # What is used past midnight is of the night before.
    first, last = min(start for start, _end in spans) - timedelta(days=1), max(end for _start, end in spans)
    if terms.day_rule == "workdays":
        return days_of({"days": {"every": "workday"}, "times": ["00:00"]}, first, last)
    holidays = public_holidays(first, last)
    if terms.day_rule == "holidays":
        return holidays
    off, span = set(holidays), (last - first).days + 1
    return [day for day in (first + timedelta(days=n) for n in range(span)) if day not in off]


def worth(*, terms: Terms, order_fen: int | None) -> int | None:
    """What redeeming it is worth on an order of `order_fen`, in fen; the database's rewards_worth is the same sum.

    Money off is never more than the order. A percentage is rounded to whole fen, half a fen down, which is whoever
    pays for it's favour, and then capped. Everything else is settled at its worth, whatever the order. None: nobody
    can say without the order. 0: the order is too small.
    """
    if terms.kind not in ("cash_off", "percent_off"):
        return terms.off_fen
    if order_fen is None:
        return terms.off_fen if terms.kind == "cash_off" else None
    if order_fen < terms.threshold_fen:
        return 0
    if terms.kind == "cash_off":
        return min(terms.off_fen, order_fen)
    assert terms.percent is not None
    return min(terms.off_fen, (order_fen * terms.percent + 49) // 100)


def is_usable(*, status: str, usable_from: datetime, usable_until: datetime, at: datetime) -> bool:
    """May a coupon be redeemed at `at`? The sweep only tidies: this does not wait for it."""
    return status == "claimed" and usable_from <= at < usable_until


def shown_status(*, status: str, usable_until: datetime, at: datetime) -> str:
    """The status people see: a claimed or held coupon whose time has passed is expired, swept or not."""
    return "expired" if status in ("claimed", "held") and usable_until <= at else status


PAYERS = ("head_office", "branch", "merchant")


def parts_of(*, fen: int, payer: str, percents: tuple[int, int, int]) -> tuple[int, int, int]:
    """The full worth of a coupon by who pays, in the order of `PAYERS`; the database's rewards_parts is the same sum.

    Percents that are all zero: `payer` pays all. Else each part is rounded down to whole fen, and what is left over
    goes fen by fen to those who pay at all, in the same order. The parts sum to `fen`.
    """
    if not any(percents):
        first, second, third = (fen * (payer == name) for name in PAYERS)
        return first, second, third
    parts = [fen * percent // 100 for percent in percents]
    left = fen - sum(parts)
    for nth, percent in enumerate(percents):
        if percent and left:
            parts[nth] += 1
            left -= 1
    return parts[0], parts[1], parts[2]


def spent_of(*, worth: int, parts: tuple[int, int, int]) -> tuple[int, int, int]:
    """What a redemption of `worth` fen costs each, of a coupon of these `parts`; the database's rewards_spent.

    In proportion, rounded down; what is left over in the order of `PAYERS`, never above a part: nobody spends what was
    not reserved. Sums to `worth`, which is at most the sum of the parts.
    """
    whole = sum(parts)
    spent = [worth * part // whole for part in parts]
    left = worth - sum(spent)
    for nth, part in enumerate(parts):
        more = min(left, part - spent[nth])
        spent[nth] += more
        left -= more
    return spent[0], spent[1], spent[2]


def masked_code(code: str) -> str:
    """A code on a screen of staff: its last group only."""
    return f"····· {code[-5:]}"
