"""A random walk through the lives of a batch's coupons, beside books in plain Python (`coupon_books.py`).

Every step is one deed through the services, committed; what it says, and all that the tables say then, must be what the
books say. `Walk(cast, seed).run(steps)`: the same seed is the same walk.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.customers.services.customers import add_customer
from campaigns.rewards.services.batches import add_batch
from campaigns.rewards.services.budgets import add_budget, approve_budget, fund_batch
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, hired
from tests.support.coupon_books import Books
from tests.support.coupon_deeds import DEEDS, Deeds
from tests.support.coupon_rows import PAYERS, Held, Said
from tests.support.rewards import assert_rewards_agree, merchant_of

# A batch's life; then another one begins, so that no step looks at thousands of coupons.
EPISODE = 250
HOMES = ("NB", "NB", "NB", "NC", "SB")


class Disagreement(AssertionError):
    """The books and the bank say different things; says the seed, and how it came there."""


@dataclass
class Walk(Deeds):
    """A walk of the bank's customers, clerks and operators (`coupon_deeds.py`)."""

    def __post_init__(self) -> None:
        self.draw = Random(self.seed)
        self.city = hired(self.cast, "rewards_operator", "NC", name=f"walk.{self.seed}")
        self.shop = merchant_of(self.cast)
        with system_scope(at=AT, cause="walk") as scope:
            self.people = {
                f"{home}-{n}": add_customer(
                    scope=scope,
                    branch_id=self.cast.branch[home].pk,
                    number=f"W-{n}",
                    unionid=f"walk-{n}",
                    source="cast",
                ).pk
                for n, home in enumerate(HOMES)
            }

    def run(self, steps: int) -> "Walk":
        """So many more steps. Raises Disagreement."""
        for _step in range(steps):
            if self.done % EPISODE == 0:
                self._begin()
            self.done += 1
            self.at += self._while()
            try:
                before = self.said.total()
                while self.said.total() == before:  # some deeds have nothing to be done to
                    deed = self.draw.choices(list(DEEDS), DEEDS.values())[0]
                    getattr(self, f"_{deed}")()
                self._compare()
            except AssertionError as error:
                way = "\n".join(self.lately[-15:])
                raise Disagreement(f"seed {self.seed}, step {self.done}:\n{error}\n{way}") from error
            if self.done % EPISODE == 0:
                self._agree()
        self._agree()
        return self

    # --- the world ------------------------------------------------------------------------------------------------

    def _while(self) -> timedelta:
        draw = self.draw
        kind = draw.random()
        if kind < 0.88:
            return timedelta(seconds=draw.randrange(300))
        if kind < 0.97:
            return timedelta(minutes=draw.randrange(30, 240))
        if kind < 0.998:
            return timedelta(hours=draw.randrange(5, 30))
        return timedelta(days=draw.randrange(2, 33))

    def _begin(self) -> None:
        """Another batch, of some kind, paid by some, with some of its quota handed out."""
        draw, self.at = self.draw, AT
        for branch in list(self.stops):
            self._lift(branch)
        percents = draw.choice([(0, 0, 0), (0, 0, 0), (50, 30, 20), (34, 33, 33), (1, 99, 0)])
        payer = draw.choice([p for p, n in zip(PAYERS, percents, strict=True) if n or not any(percents)])
        kind = draw.choice(["cash_off", "cash_off", "percent_off"])
        off = draw.choice([20_00, 9_99, 1_01])
        said = Said(
            kind=kind, threshold=draw.choice([0, 100_00]), off=off, percent=draw.choice([7, 15, 85]),
            days=draw.randrange(1, 5), each=draw.randrange(2, 9), each_day=draw.choice([None, None, 2]),
            cap_per_day=draw.choice([None, None, 3]), may_be_given=draw.random() < 0.8, quota=draw.randrange(20, 60),
            claim_from=AT, claim_until=AT + timedelta(days=draw.randrange(8, 30)),
        )  # fmt: skip
        paying = [p for p, n in zip(PAYERS, percents, strict=True) if n] or [payer]
        funded = [p for p in paying if self.always_funded or draw.random() < 0.8]
        shared = draw.random() < 0.5
        self.books = Books(
            draft=said,
            homes={who: who.partition("-")[0] for who in self.people},
            payer=payer,
            percents=percents,
            purse={p: "shared" if shared else p for p in funded},
        )
        parts, most = self.books.parts(off), draw.uniform(0.5, 1.2) * said.quota
        for p, purse in self.books.purse.items():
            self.books.totals[purse] = self.books.totals.get(purse, 0) + max(1, int(parts[p] * most))
        self.budgets = {purse: self._budget(fen) for purse, fen in self.books.totals.items()}
        with self._as("north_rewards") as scope:
            self.batch = add_batch(scope=scope, terms=self._terms(said)).pk
            for p, purse in self.books.purse.items():
                fund_batch(scope=scope, batch_id=self.batch, payer=p, budget_id=self.budgets[purse])
        self.links: dict[UUID, str] = {}
        self._note(f"another batch: {said}, {payer} {percents}, {self.books.totals}")
        for branch in ("NB", "NC"):
            self._allots(branch, draw.randrange(3, 12))
        assert self._publish() == "ok" == self.books.change(said)

    def _budget(self, fen: int) -> UUID:
        window = {"valid_from": AT - timedelta(days=1), "valid_until": AT + timedelta(days=4_000)}
        with self._as("north_rewards", AT) as scope:
            made = add_budget(scope=scope, name="预算", asked_fen=fen, **window)
        with self._as("north_reviewer", AT) as scope:
            approve_budget(scope=scope, budget_id=made.pk, asked_fen=fen)
        return made.pk

    # --- comparing ------------------------------------------------------------------------------------------------

    def _compare(self) -> None:
        codes = {branch.pk: code for code, branch in self.cast.branch.items()}
        who = {pk: name for name, pk in self.people.items()}
        books = self.books
        with system_scope(at=self.at, cause="look"), connection.cursor() as cursor:

            def rows(sql: str) -> Iterator[tuple[Any, ...]]:
                cursor.execute(sql, [self.batch])
                return iter(cursor.fetchall())

            coupons = {
                pk: (who[c], codes[b], *more)
                for pk, c, b, *more in rows(
                    "SELECT id, customer_id, branch_id, status, nth, claimed_at, usable_from, usable_until,"
                    " redeemed_times, locked_for, locked_until FROM rewards_coupon WHERE batch_id = %s"
                )
            }
            nodes = {
                codes[b]: tuple(sums)
                for b, *sums in rows(
                    "SELECT branch_id, received, given, kept FROM rewards_share WHERE batch_id = %s"
                )
                if any(sums)
            }
            gone = {
                codes[b]: (whole, claimed)
                for b, whole, claimed in rows(
                    "SELECT branch_id, sum(allotted), sum(claimed) FROM rewards_stock WHERE batch_id = %s GROUP BY 1"
                )
            }
            money = {
                (codes[b], payer): list(sums)
                for b, payer, *sums in rows(
                    "SELECT branch_id, payer, reserved_fen, held_fen, spent_fen FROM rewards_reservation"
                    " WHERE batch_id = %s"
                )
                if any(sums)
            }
            budgets = dict(
                rows(
                    "SELECT f.payer, g.taken_fen FROM rewards_funding f JOIN rewards_budget g ON g.id = f.budget_id"
                    " WHERE f.batch_id = %s"
                )
            )
            allotted = next(rows("SELECT allotted FROM rewards_batch WHERE id = %s"))[0]
        _same("coupons", coupons, {key: _as_stored(held) for key, held in books.coupons.items()})
        _same("nodes", nodes, books.nodes())
        _same("stock", gone, {b: (books.kept[b], books.gone(b)) for b in gone})
        _same("money", money, {key: list(sums) for key, sums in books.money.items() if any(sums)})
        _same("budgets", budgets, {p: books.taken()[purse] for p, purse in books.purse.items()})
        _same("allotted", {"batch": allotted}, {"batch": books.allotted})

    def _agree(self) -> None:
        with system_scope(at=self.at, cause="look"):
            assert_rewards_agree()


def _as_stored(held: Held) -> tuple[Any, ...]:
    return (
        held.who, held.home, held.status, held.nth, held.claimed_at, held.starts.astimezone(UTC),
        held.ends.astimezone(UTC), held.times, held.order, held.order_until,
    )  # fmt: skip


def _same(what: str, found: dict[Any, Any], should: dict[Any, Any]) -> None:
    if found != should:
        keys = {key for key in {*found, *should} if found.get(key) != should.get(key)}
        lines = [f"  {key}: {found.get(key)} and should be {should.get(key)}" for key in list(keys)[:4]]
        raise AssertionError(f"{what} differ:\n" + "\n".join(lines))
