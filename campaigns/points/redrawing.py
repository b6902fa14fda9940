"""Drawing every try of a draw again: pure, over what the record says.

Whoever has the seed, the odds of each revision and the rows of tries and stock comes to the same prizes, or to a list
of what differs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from campaigns.points.draws import outcomes, prize_at

# Differences kept by name; all are counted.
MOST_NAMED = 200

WORDS = {
    "pledge": _("the seed shown is not the one that was promised: its SHA-256 is %(found)s"),
    "revision": _("the revision it was made under is unknown, or is not what was approved"),
    "turn": _("the customer's try number %(wanted)s is missing; the next is %(found)s"),
    "number": _("the number drawn was %(wanted)s, the record says %(found)s"),
    "prize": _("the prize drawn was “%(wanted)s”, the record says “%(found)s”"),
    "promise": _("given was “%(found)s”, promised “%(wanted)s”"),
    "paid": _("the ledger took %(found)s points, the price was %(wanted)s"),
    "given": _("the ledger gave %(found)s points, won were %(wanted)s"),
    "coupon": _("a coupon was won and none is named"),
    "order": _("number %(wanted)s at the stock of “%(prize)s” is missing; the next is %(found)s"),
    "gone": _("“%(prize)s” was there and was not given"),
    "too_many": _("“%(prize)s” was given when none was left"),
    "below": _("the total of “%(prize)s” was lowered to %(found)s when %(wanted)s were won"),
    "stock": _("the stock of “%(prize)s” says %(found)s, its tries and changes come to %(wanted)s"),
}


class Made(NamedTuple):
    """A try as it is on record (`draw_record`). `paid` and `given`: points that the ledger took and gave for it."""

    try_id: UUID
    pledge_id: UUID
    revision_id: UUID
    tried_by: UUID
    nth: int
    number: int
    prize_id: UUID | None
    serial: int | None
    missed: str
    kind: str
    title: str
    price: int
    won: int
    paid: int
    given: int
    coupon_id: UUID | None


class Stocked(NamedTuple):
    """Somebody said how many of a prize there are."""

    prize_id: UUID
    serial: int
    total: int


class Stock(NamedTuple):
    """A prize's stock as it is now."""

    prize_id: UUID
    title: str
    total: int
    taken: int
    serial: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs, by its word (`WORDS`); `try_id` is empty where it is of no single try."""

    word: str
    try_id: UUID | None
    values: Mapping[str, str]


@dataclass(slots=True)
class Verdict:
    """What drawing again came to. `waiting`: tries whose seed is not shown yet; all else of them was compared."""

    tries: int = 0
    waiting: int = 0
    gone: int = 0
    coupons_missed: int = 0
    changes: int = 0
    many: int = 0
    differences: list[Difference] = field(default_factory=list)

    def differs(self, word: str, try_id: UUID | None = None, **values: Any) -> None:
        self.many += 1
        if len(self.differences) < MOST_NAMED:
            self.differences.append(
                Difference(word, try_id, {name: str(value) for name, value in values.items()})
            )


def redraw(
    *,
    draw_id: UUID,
    seeds: Mapping[UUID, bytes | None],
    payloads: Mapping[UUID, Mapping[str, Any]],
    made: Iterable[Made],
    changes: Sequence[Stocked],
    stocks: Sequence[Stock],
    verdict: Verdict | None = None,
) -> Verdict:
    """Draw every try again and replay the stock of every prize.

    `seeds`: of each pledge, None while it is not shown; `payloads`: what each revision promised; `made`: ordered by
    customer and number.
    """
    said = verdict or Verdict()
    draw = {key: outcomes(seed=seed, draw_id=draw_id) for key, seed in seeds.items() if seed is not None}
    at_stock: dict[UUID, dict[int, Made | Stocked]] = {}
    titles = {str(stock.prize_id): stock.title for stock in stocks}
    who, turn = None, 0
    for each in made:
        said.tries += 1
        turn = turn + 1 if each.tried_by == who else 1
        who = each.tried_by
        if each.nth != turn:
            said.differs("turn", each.try_id, wanted=turn, found=each.nth)
            turn = each.nth
        if each.pledge_id in draw:
            wanted = draw[each.pledge_id](each.tried_by, each.nth)
            if wanted != each.number:
                said.differs("number", each.try_id, wanted=wanted, found=each.number)
        else:
            said.waiting += 1
        payload = payloads.get(each.revision_id)
        if payload is None:
            said.differs("revision", each.try_id)
        else:
            _judge(said, each, payload, titles)
        said.gone += each.missed == "stock"
        said.coupons_missed += each.missed == "coupon"
        if each.prize_id is not None and each.serial is not None:
            at_stock.setdefault(each.prize_id, {})[each.serial] = each
    for change in changes:
        said.changes += 1
        at_stock.setdefault(change.prize_id, {})[change.serial] = change
    for stock in stocks:
        _replay(said, stock, at_stock.get(stock.prize_id, {}))
    return said


def _judge(said: Verdict, each: Made, payload: Mapping[str, Any], titles: Mapping[str, str]) -> None:
    """The prize by its number, what was promised for it, and what the ledger says."""
    prize = prize_at(each.number, payload["prizes"])
    found = str(each.prize_id) if each.prize_id else ""
    if (prize["id"] if prize else "") != found:
        nothing = payload["fallback_title"]
        said.differs(
            "prize",
            each.try_id,
            wanted=prize["title"] if prize else nothing,
            found=titles.get(found, nothing),
        )
        return
    if prize is not None and not each.missed:
        wanted = (prize["kind"], prize["title"], prize["points"])
    else:
        points = payload["fallback_points"]
        wanted = ("points" if points else "", payload["fallback_title"], points)
    if (each.kind, each.title, each.won) != wanted:
        said.differs("promise", each.try_id, wanted=wanted[1], found=each.title)
    if not each.paid == each.price == payload["price_points"]:
        said.differs("paid", each.try_id, wanted=payload["price_points"], found=each.paid)
    if each.given != each.won:
        said.differs("given", each.try_id, wanted=each.won, found=each.given)
    if each.kind == "coupon" and each.coupon_id is None:
        said.differs("coupon", each.try_id)


def _replay(said: Verdict, stock: Stock, events: Mapping[int, Made | Stocked]) -> None:
    """Tries and changes of one prize in their order: what was left at each, and what is left in the end."""
    total = taken = last = 0
    for serial in sorted(events):
        event = events[serial]
        if serial != last + 1:
            said.differs("order", None, prize=stock.title, wanted=last + 1, found=serial)
        last = serial
        if isinstance(event, Stocked):
            total = event.total
            if total < taken:
                said.differs("below", None, prize=stock.title, wanted=taken, found=total)
        elif event.missed:
            if taken < total:
                said.differs("gone", event.try_id, prize=stock.title)
        else:
            if taken >= total:
                said.differs("too_many", event.try_id, prize=stock.title)
            taken += 1
    if (total, taken, last) != (stock.total, stock.taken, stock.serial):
        said.differs(
            "stock", None, prize=stock.title, wanted=f"{taken}/{total} ({last})",
            found=f"{stock.taken}/{stock.total} ({stock.serial})",
        )  # fmt: skip
