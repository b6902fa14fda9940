"""Random histories of a few customers' points, beside books in plain Python (`points_books.py`).

`Walk(cast, seed).run(steps)`: after every step the bank answers as the books do, and every balance and every lot is the
same. The same seed is the same history.
"""

import copy
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from django.db import connection

from campaigns.customers.services.merges import merge_customers, unmerge_customers
from campaigns.lib.refusals import Refusal
from campaigns.points.models import Lot
from campaigns.points.selectors.balances import balance_of
from campaigns.points.services import postings
from campaigns.points.services.postings import Accrual, Validity
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.customers import anonymous
from tests.support.points_books import BookLot, PointsBooks

# How often each deed is tried.
DEEDS = {
    "earn": 10, "burn": 8, "hold": 4, "settle": 5, "undo": 5, "extend": 1, "sweep": 2, "twice": 2, "merge": 1,
    "unmerge": 1, "erase": 0.3,
}  # fmt: skip
REFUSED = {
    "points.ledger.short": "short",
    "points.hold.settled": "settled",
    "points.hold.over": "over",
    "points.ledger.already_reversed": "reversed",
    "points.ledger.not_reversible": "not_reversible",
}

# What must be true of any ledger, whatever happened: no rows.
AGREEMENTS = {
    "movements sum to zero": "SELECT movement_id FROM points_entry GROUP BY 1 HAVING sum(points) <> 0 OR count(*) < 2",
    "wallets are their entries": """
        SELECT customer_id FROM points_wallet w FULL JOIN (
            SELECT customer_id, sum(points) FILTER (WHERE account = 'pending') AS pending,
                   sum(points) FILTER (WHERE account = 'wallet') AS usable,
                   sum(points) FILTER (WHERE account = 'held') AS held,
                   -sum(points) FILTER (WHERE account = 'owed') AS owed
              FROM points_entry WHERE customer_id IS NOT NULL GROUP BY 1) e USING (customer_id)
         WHERE (coalesce(w.pending, 0), coalesce(w.usable, 0), coalesce(w.held, 0), coalesce(w.owed, 0))
            <> (coalesce(e.pending, 0), coalesce(e.usable, 0), coalesce(e.held, 0), coalesce(e.owed, 0))""",
    "lots are their entries": """
        SELECT l.id FROM points_lot l LEFT JOIN (
            SELECT lot_id, sum(points) FILTER (WHERE account = 'pending') AS pending,
                   sum(points) FILTER (WHERE account = 'wallet') AS rest,
                   sum(points) FILTER (WHERE account = 'held') AS held
              FROM points_entry WHERE lot_id IS NOT NULL GROUP BY 1) e ON e.lot_id = l.id
         WHERE (l.pending, l.rest, l.held) <> (coalesce(e.pending, 0), coalesce(e.rest, 0), coalesce(e.held, 0))""",
    "wallets are their lots": """
        SELECT w.customer_id FROM points_wallet w LEFT JOIN (
            SELECT customer_id, sum(pending) AS pending, sum(rest) AS rest, sum(held) AS held FROM points_lot GROUP BY 1
            ) l USING (customer_id)
         WHERE (w.pending, w.usable, w.held) <> (coalesce(l.pending, 0), coalesce(l.rest, 0), coalesce(l.held, 0))""",
    "what is held has its open holds": """
        SELECT 1 FROM (SELECT coalesce(sum(points), 0) AS p FROM points_hold WHERE state = 'open') h,
                      (SELECT coalesce(sum(held), 0) AS p FROM points_lot) l WHERE h.p <> l.p""",
}


def assert_ledger_agrees() -> None:
    """Every sum of the ledger is right. Ask it in the system's scope."""
    with connection.cursor() as cursor:
        for says, sql in AGREEMENTS.items():
            cursor.execute(sql)
            assert not (found := cursor.fetchmany(3)), f"not so: {says}: {found}"


class Walk:
    """One history of three customers."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast, self.seed, self.draw, self.at = cast, seed, Random(seed), AT
        self.said: Counter[str] = Counter()
        self.lately: list[str] = []
        with system_scope(at=AT, cause="walk") as scope:
            self.ids = {name: anonymous(scope, cast, "NB", f"walk-{seed}-{name}") for name in "abc"}
        self.alive = set("abc")
        self.books = PointsBooks(list("abc"))
        self.made: dict[int, UUID] = {}
        self.first: dict[int, str] = {}  # whose the movement was when it was made
        self.last_earn: dict[str, Any] | None = None
        self.merged: tuple[str, str, UUID, set[int], list[int]] | None = None
        self.before = self.books

    def run(self, steps: int) -> "Walk":
        for step in range(1, steps + 1):
            self.at += self.draw.choice(
                [
                    timedelta(0),
                    timedelta(minutes=10),
                    timedelta(days=1),
                    timedelta(days=9),
                    timedelta(days=40),
                ]
            )
            deed = self.draw.choices(list(DEEDS), DEEDS.values())[0]
            self.before = copy.deepcopy(self.books)
            try:
                getattr(self, f"_{deed}")(step)
                self._compare()
            except AssertionError as error:
                way = "\n".join(self.lately[-25:])
                raise AssertionError(f"seed {self.seed}, step {step}: {error}\n{way}") from error
        return self

    # --- deeds: the books say, the bank says --------------------------------------------------------------------

    def _ask(self, step: int, deed: str, expected: str, act: Any, **args: Any) -> Any:
        self.said[f"{deed} {expected}".strip()] += 1
        self.lately.append(f"{step} {self.at:%m-%d %H:%M} {deed} {expected} {args}")
        try:
            with system_scope(at=self.at, cause="walk") as scope:
                answer = act(scope=scope, **args)
            told = ""
        except Refusal as refusal:
            answer, told = None, REFUSED.get(refusal.code, refusal.code)
            # What is refused is undone, with what was due and had been written down before it.
            self.books = self.before
        assert told == expected, f"{deed}: the bank says {told!r}, the books {expected!r}"
        return answer

    def _who(self) -> str:
        return self.draw.choice(sorted(self.alive))

    def _earn(self, step: int) -> None:
        if not self.alive:
            return
        who, points = self._who(), self.draw.randint(1, 50)
        waits = self.draw.choice([None, None, self.at + timedelta(days=self.draw.randint(1, 20))])
        months, ends = self.draw.choice(
            [(None, "day"), (1, "day"), (1, "month"), (2, "quarter"), (1, "year")]
        )
        self.books.earn(step, who, points, self.at, waits, months, ends)
        self.last_earn = {
            "accruals": [Accrual(self.ids[who], points, uuid4())],
            "issuer_id": self.cast.branch[self.draw.choice(["N", "NB", "HO"])].pk,
            "title": "积分",
            "validity": Validity(months, ends),
            "waits_until": waits,
        }
        (posted,) = self._ask(step, "earn", "", postings.accrue_points, **self.last_earn)
        self._remember(step, who, posted.movement_id)

    def _twice(self, step: int) -> None:
        """A request that comes again moves nothing."""
        if self.last_earn is not None:
            (posted,) = self._ask(step, "twice", "", postings.accrue_points, **self.last_earn) or [None]
            assert posted is None or not posted.is_new

    def _burn(self, step: int) -> None:
        if not self.alive:
            return
        who, points = self._who(), self.draw.randint(1, 60)
        self.books.due(who, self.at)
        said = self.books.burn(step, who, points)
        args = {"customer_id": self.ids[who], "points": points, "key": uuid4(), "title": "兑换"}
        if posted := self._ask(step, "burn", said, postings.burn_points, **args):
            self._remember(step, who, posted.movement_id)

    def _hold(self, step: int) -> None:
        if not self.alive:
            return
        who, points = self._who(), self.draw.randint(1, 40)
        until = self.at + timedelta(minutes=self.draw.choice([5, 15, 100_000]))
        self.books.due(who, self.at)
        said = self.books.hold(step, who, points, until)
        args = {
            "customer_id": self.ids[who],
            "points": points,
            "until": until,
            "key": uuid4(),
            "title": "下单",
        }
        if posted := self._ask(step, "hold", said, postings.hold_points, **args):
            self._remember(step, who, posted.movement_id)

    def _settle(self, step: int) -> None:
        holds = [
            nth for nth, move in self.books.moves.items() if move.kind == "hold" and move.who in self.alive
        ]
        if not holds:
            return
        nth, spends = self.draw.choice(holds), self.draw.random() < 0.5
        held = self.books.moves[nth]
        if held.state == "open":
            self.books.due(held.who, self.at)
        said = self.books.settle(nth, step, self.at, spends=spends)
        if not said:
            self.books.due(held.who, self.at)
        act = postings.commit_hold if spends else postings.release_hold
        self._ask(step, "commit" if spends else "release", said, act, hold_id=self.made[nth])
        if spends and not said:
            with connection.cursor() as cursor, system_scope(at=self.at, cause="walk"):
                cursor.execute("SELECT id FROM points_movement WHERE follows_id = %s", [self.made[nth]])
                self._remember(step, self.first[nth], cursor.fetchone()[0])
                cursor.execute("SELECT customer_id FROM points_movement WHERE id = %s", [self.made[step]])
                owner = cursor.fetchone()[0]
                self.first[step] = next(name for name, each in self.ids.items() if each == owner)

    def _undo(self, step: int) -> None:
        able = [nth for nth, move in self.books.moves.items() if move.who in self.alive and nth in self.made]
        if not able:
            return
        nth, owes = self.draw.choice(able), self.draw.random() < 0.6
        move = self.books.moves[nth]
        if move.kind != "hold":
            self.books.due(move.who, self.at)
        said = self.books.undo(nth, owes=owes)
        if not said and move.kind == "burn":
            for lot, _part in move.took:
                owner = next((who for who, lots in self.books.lots.items() if lot in lots), None)
                if owner:
                    self.books.due(owner, self.at)
        self._ask(
            step, "undo", said, postings.reverse_points, movement_id=self.made[nth],
            customer_id=self.ids[self.first[nth]], key=uuid4(), title="冲正", owes_rest=owes,
        )  # fmt: skip

    def _extend(self, step: int) -> None:
        if not self.alive:
            return
        who, until = self._who(), self.at + timedelta(days=100)
        self.books.due(who, self.at)
        later = [lot for lot in self.books.lots[who] if lot.rest and lot.expires and lot.expires < until]
        for lot in sorted(later, key=lambda each: (each.expires or until, each.nth)):
            self.books.lots[who].append(
                BookLot(next(self.books._nth), lot.months, lot.ends, lot.active_at, until, rest=lot.rest)
            )
            lot.rest = 0
        said = "" if later else "points.ledger.nothing_to_extend"
        args = {"customer_id": self.ids[who], "until": until, "key": uuid4(), "title": "延期"}
        self._ask(step, "extend", said, postings.extend_points, **args)

    def _sweep(self, step: int) -> None:
        self.books.sweep(self.at)
        self._ask(step, "sweep", "", postings.sweep_points)

    def _merge(self, step: int) -> None:
        if len(self.alive) < 3 or self.merged:
            return
        kept, absorbed = self.draw.sample(sorted(self.alive), 2)
        moves = [nth for nth, move in self.books.moves.items() if move.who == absorbed]
        lots = {lot.nth for lot in self.books.lots[absorbed]}
        self.books.merge(kept, absorbed)
        with self.cast.ho_administrator.scope(at=self.at) as scope:
            merge = merge_customers(
                scope=scope,
                kept=self.ids[kept],
                absorbed=self.ids[absorbed],
                why={"zh": "同一人", "en": "one"},
            )
        self.alive.discard(absorbed)
        self.merged = (kept, absorbed, merge.pk, lots, moves)
        self.said["merge"] += 1
        self.lately.append(f"{step} merge {absorbed} into {kept}")

    def _unmerge(self, step: int) -> None:
        if self.merged is None or self.merged[0] not in self.alive:
            return
        kept, absorbed, merge_id, lots, moves = self.merged
        for lot in [each for each in self.books.lots[kept] if each.nth in lots]:
            self.books.lots[kept].remove(lot)
            self.books.lots[absorbed].append(lot)
        for nth in moves:
            self.books.moves[nth].who = absorbed
        with self.cast.ho_administrator.scope(at=self.at) as scope:
            unmerge_customers(scope=scope, merge_id=merge_id, why="两个人")
        self.alive.add(absorbed)
        self.merged = None
        self.said["unmerge"] += 1
        self.lately.append(f"{step} unmerge {absorbed} from {kept}")

    def _erase(self, step: int) -> None:
        """What the step of an erasure does with points; the whole of it has tests of its own."""
        if len(self.alive) < 2 or self.merged:
            return
        who = self._who()
        self.books.erase(who)
        self.said["erase"] += 1
        self.lately.append(f"{step} erase {who}")
        with system_scope(at=self.at, cause="walk"), connection.cursor() as cursor:
            cursor.execute("SELECT forfeit_points(%s, '注销')", [self.ids[who]])
            cursor.execute("UPDATE customers_customer SET status = 'erased' WHERE id = %s", [self.ids[who]])
        self.alive.discard(who)
        if self.last_earn and self.last_earn["accruals"][0].customer_id == self.ids[who]:
            self.last_earn = None

    # --- what is said and what is there -------------------------------------------------------------------------

    def _remember(self, step: int, who: str, movement: UUID) -> None:
        self.made[step], self.first[step] = movement, who

    def _compare(self) -> None:
        with system_scope(at=self.at, cause="walk") as scope:
            for who, key in self.ids.items():
                books = copy.deepcopy(self.books)
                books.due(who, self.at)
                now = balance_of(scope=scope, customer_id=key)
                bank, mine = (now.usable, now.pending, now.held), books.has(who)
                assert bank == mine, f"{who} has {bank} at the bank, {mine} in the books"
                assert now.owed == books.owed[who], f"{who} owes {now.owed}, {books.owed[who]} in the books"
                rows = (
                    Lot.objects.filter(customer_id=key).order_by("id").values_list("pending", "rest", "held")
                )
                lots = sorted(self.books.lots[who], key=lambda lot: lot.nth)
                left = [(lot.pending, lot.rest, lot.held) for lot in lots]
                assert [row for row in rows if any(row)] == [each for each in left if any(each)], (
                    f"lots of {who}"
                )
            assert_ledger_agrees()
