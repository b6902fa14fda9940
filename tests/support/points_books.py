"""The ledger of points in plain Python: what every verb should do, kept simple enough to be believed.

Lots of one customer in a list; nothing is shared with campaigns/points but the end of a validity, which has a test of
its own (tests/campaigns/points/test_rules.py).
"""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from campaigns.lib.clock import FOREVER
from campaigns.points.rules import expires_at

ZONE = "Asia/Shanghai"


@dataclass
class BookLot:
    """As campaigns.points.models.Lot; `nth` is the order in which lots came to be."""

    nth: int
    months: int | None
    ends: str
    active_at: datetime
    expires: datetime | None
    pending: int = 0
    rest: int = 0
    held: int = 0
    opened_by: int = 0


@dataclass
class BookMove:
    """What a movement did to one customer, lot by lot, so that it can be undone."""

    who: str
    kind: str
    given: int = 0
    took: list[tuple[BookLot, int]] = field(default_factory=list)
    is_undone: bool = False
    until: datetime | None = None
    state: str = "open"


class PointsBooks:
    """Everybody's points. Answers "short" and the like where the bank refuses."""

    def __init__(self, who: list[str]) -> None:
        self.lots: dict[str, list[BookLot]] = {each: [] for each in who}
        self.owed: dict[str, int] = dict.fromkeys(who, 0)
        self.moves: dict[int, BookMove] = {}
        self._nth = count(1)

    # --- what is due ----------------------------------------------------------------------------------------------

    def due(self, who: str, at: datetime) -> None:
        """What has come into force and lapsed by now."""
        waiting = [lot for lot in self.lots[who] if lot.pending and lot.active_at <= at]
        for lot in sorted(waiting, key=lambda each: (each.active_at, each.nth)):
            lot.expires = expires_at(begins=lot.active_at, months=lot.months, ends=lot.ends, zone=ZONE)
            paid = min(lot.pending, self.owed[who])
            self.owed[who] -= paid
            lot.rest += lot.pending - paid
            lot.pending = 0
        for lot in self.lots[who]:
            if lot.rest and lot.expires is not None and lot.expires <= at:
                lot.rest = 0

    def has(self, who: str) -> tuple[int, int, int]:
        """Usable less owed, pending, held."""
        lots = self.lots[who]
        return (
            sum(lot.rest for lot in lots) - self.owed[who],
            sum(lot.pending for lot in lots),
            sum(lot.held for lot in lots),
        )

    # --- deeds ----------------------------------------------------------------------------------------------------

    def earn(
        self,
        nth: int,
        who: str,
        points: int,
        at: datetime,
        waits: datetime | None,
        months: int | None,
        ends: str,
    ) -> None:
        lot = BookLot(next(self._nth), months, ends, waits or at, None, opened_by=nth)
        if waits is None:
            paid = min(points, self.owed[who])
            self.owed[who] -= paid
            lot.rest = points - paid
            lot.expires = expires_at(begins=at, months=months, ends=ends, zone=ZONE)
        else:
            lot.pending = points
        if lot.rest or lot.pending:
            self.lots[who].append(lot)
        self.moves[nth] = BookMove(who, "earn", given=points)

    def _take(self, who: str, points: int) -> list[tuple[BookLot, int]]:
        took = []
        for lot in sorted(self.lots[who], key=lambda each: (each.expires or FOREVER, each.nth)):
            part = min(lot.rest, points)
            if part:
                lot.rest -= part
                points -= part
                took.append((lot, part))
        return took

    def burn(self, nth: int, who: str, points: int) -> str:
        if self.has(who)[0] < points:
            return "short"
        self.moves[nth] = BookMove(who, "burn", took=self._take(who, points))
        return ""

    def hold(self, nth: int, who: str, points: int, until: datetime) -> str:
        if self.has(who)[0] < points:
            return "short"
        took = self._take(who, points)
        for lot, part in took:
            lot.held += part
        self.moves[nth] = BookMove(who, "hold", took=took, until=until)
        return ""

    def settle(self, hold: int, nth: int, at: datetime, *, spends: bool) -> str:
        """Spend what is set aside, or set it free."""
        held = self.moves[hold]
        if held.state != "open":
            return "settled"
        if spends and held.until is not None and held.until <= at:
            return "over"
        held.state = "spent" if spends else "free"
        for lot, part in held.took:
            lot.held -= part
            if not spends:
                lot.rest += part
        if spends:
            self.moves[nth] = BookMove(held.who, "burn", took=held.took)
        return ""

    def sweep(self, at: datetime) -> None:
        for nth, each in list(self.moves.items()):
            if each.kind == "hold" and each.state == "open" and each.until is not None and each.until <= at:
                self.settle(nth, 0, at, spends=False)
        for who in self.lots:
            self.due(who, at)

    def undo(self, nth: int, *, owes: bool) -> str:
        move = self.moves[nth]
        if move.kind == "hold":
            return "not_reversible"
        if move.is_undone:
            return "reversed"
        move.is_undone = True
        if move.kind == "burn":
            for lot, part in move.took:
                lot.rest += part
            return ""
        points, who = move.given, move.who
        key = [(lot.opened_by != nth, lot.expires or lot.active_at, lot.nth) for lot in self.lots[who]]
        ordered = [
            lot for _key, lot in sorted(zip(key, self.lots[who], strict=True), key=lambda pair: pair[0])
        ]
        for state in ("pending", "rest"):
            for lot in ordered:
                part = min(getattr(lot, state), points)
                setattr(lot, state, getattr(lot, state) - part)
                points -= part
        if owes:
            self.owed[who] += points
        return ""

    def merge(self, kept: str, absorbed: str) -> None:
        for lot in self.lots[absorbed]:
            self.lots[kept].append(lot)
        self.lots[absorbed] = []
        self.owed[kept] += self.owed[absorbed]
        self.owed[absorbed] = 0
        for move in self.moves.values():
            if move.who == absorbed:
                move.who = kept

    def erase(self, who: str) -> None:
        for move in self.moves.values():
            if move.who == who and move.kind == "hold" and move.state == "open":
                move.state = "free"
        self.lots[who] = []
        self.owed[who] = 0
