"""What a claim costs over HTTP, beside a view that commits one row without a rule, and one that locks the stock.

All are served by the same processes and threads, behind the same middleware, token and limits, to the same clients in
turns. A claim writes the coupon, its history, the request key with the answer, the audit, the event and the stock,
behind the walls; the bare view writes one row of a table without any of it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from django.db import connections

from campaigns.approvals.services.reviews import approve_revision
from campaigns.lib.clock import now
from campaigns.lib.http import tokens
from campaigns.rewards.services.batches import BatchTerms, add_batch, submit_batch
from campaigns.rewards.services.stock import allot_stock
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope, opened, staff
from config.bench import serving
from config.bench.bank import customers_at, plant, staff_at
from config.bench.callers import call
from config.bench.harness import Comparison, Report, Target
from config.bench.machine import machine
from config.bench.scratch import scratch_database

_DATABASE = "fenhang_bench_claims"
THREADS = 32  # of each web process
STOCK = 1_000_000
_TABLES = """
CREATE TABLE bench_coupon (id uuid PRIMARY KEY, batch uuid NOT NULL, customer uuid NOT NULL, at timestamptz NOT NULL);
CREATE INDEX ON bench_coupon (batch, customer);
CREATE TABLE bench_stock (batch uuid PRIMARY KEY, "left" int NOT NULL CHECK ("left" >= 0));
GRANT SELECT, INSERT ON bench_coupon TO fenhang_app;
GRANT SELECT, UPDATE, INSERT ON bench_stock TO fenhang_app;
"""


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Claims a second and their cost, at 8 and 64 clients, with little and much stock, in a small and a large bank."""
    if quick:
        return measure(rounds=3, requests=96, sizes=(40,), say=say)
    return measure(say=say)


def measure(
    *,
    rounds: int = 9,
    requests: int = 1_920,
    sizes: Sequence[int] = (40, 10_000),
    migrated: str = "",
    say: Callable[[str], None],
) -> Report:
    """The bench at a size: `requests` a slice, banks of `sizes` branches one after the other."""
    report = None
    for branches in sizes:
        with scratch_database(
            _DATABASE, rooms=("audit", "notices", "jobs", "requests", "rewards"), like=migrated
        ):
            report = report or Report(
                "claims",
                machine(),
                {"rounds": rounds, "requests": requests, "processes": 2, "threads": THREADS},
            )
            bank = Bank(branches, most=requests)
            with serving.site(_DATABASE, "config.bench.claims_site", threads=THREADS) as (port, pid):
                for clients in (64, 8) if branches == sizes[0] else (64,):
                    case = f"{clients} clients, {branches:,} branches"
                    say(case)
                    report.comparisons.append(_compared(case, bank, port, pid, clients, requests, rounds))
                    if clients == 64:
                        report.targets.append(Target(case, "claims", 1.0, "per_claim"))
                        report.targets.append(Target(case, "claims", 1.0, "cpu"))
                if branches == sizes[0]:
                    case = "64 clients, stock of 1,000,000 beside 2,000"
                    say(case)
                    report.comparisons.append(_by_stock(case, bank, port, pid, requests, rounds))
    assert report is not None
    return report


def _compared(
    case: str, bank: "Bank", port: int, pid: int, clients: int, requests: int, rounds: int
) -> Comparison:
    ways = {
        "bare": lambda: _ask(bank, port, "bare", bank.much, clients, requests),
        "claims": lambda: _ask(bank, port, "claims", bank.much, clients, requests),
        "select_for_update": lambda: _ask(bank, port, "locked", bank.much, clients, requests),
    }
    return serving.in_turns(case, ways, rounds=rounds, items=requests, unit="claim", site=pid)


def _by_stock(case: str, bank: "Bank", port: int, pid: int, requests: int, rounds: int) -> Comparison:
    little = [bank.fresh(quantity=requests + 80) for _turn in range(rounds + 1)]
    ways = {
        "much": lambda: _ask(bank, port, "claims", bank.much, 64, requests),
        "little": lambda: _ask(bank, port, "claims", little.pop(), 64, requests),
    }
    return serving.in_turns(case, ways, rounds=rounds, items=requests, unit="claim", site=pid)


def _ask(
    bank: "Bank", port: int, address: str, batch: UUID, clients: int, requests: int
) -> tuple[float, list[float]]:
    """So many requests by so many clients, each request by another customer."""
    given = [
        [bank.request(address, batch, next(bank.turn)) for _ in range(requests // clients)]
        for _c in range(clients)
    ]
    seconds, told = call(port, given)
    if set(told.statuses) != {201}:
        raise AssertionError((address, told.statuses, told.last_no))
    return seconds, told.times


class Bank:
    """A head office with a batch for everybody, and customers of a branch in a tree of so many branches."""

    def __init__(self, branches: int, *, most: int) -> None:
        planted = plant(branches)
        with connections["owner"].cursor() as cursor:
            cursor.execute(_TABLES)
        self.branch: Branch = planted["branch"]
        self.maker: Scope = staff_at(planted["head_office"], "rewards_operator")
        self.checker: Scope = staff_at(planted["head_office"], "reviewer")
        self.customers = [each.pk for each in customers_at(self.branch, most)]
        self.tokens = [
            tokens.issue(kind="customer", subject=str(customer), seconds=7200) for customer in self.customers
        ]
        self.much = self.fresh(quantity=STOCK)
        self.turn: Iterator[int] = count()

    def fresh(self, *, quantity: int, **terms: Any) -> UUID:
        """Another batch, all of whose quota is the branch's; `terms` as of BatchTerms."""
        batch = issue_batch(
            maker=self.maker, checker=self.checker, branch_id=self.branch.pk, quantity=quantity, **terms
        )
        with connections["default"].cursor() as cursor:
            cursor.execute("INSERT INTO bench_stock VALUES (%s, %s)", [batch, quantity])
        return batch

    def request(self, address: str, batch: UUID, number: int) -> bytes:
        """A whole request of the customer whose turn it is."""
        token = self.tokens[number % len(self.tokens)]
        return (
            f"POST /api/v1/batches/{batch}/{address} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
            f"Idempotency-Key: {uuid4().hex}\r\nContent-Length: 0\r\n\r\n"
        ).encode()


def issue_batch(*, maker: Scope, checker: Scope, branch_id: int, quantity: int, **terms: Any) -> UUID:
    """A live batch, all of whose quota is one branch's; `terms` as of BatchTerms."""
    at = now()
    said: dict[str, Any] = {
        "title": "满100减20",
        "threshold_fen": 100_00,
        "off_fen": 20_00,
        "claim_from": at - timedelta(days=1),
        "claim_until": at + timedelta(days=30),
        "usable_days": 7,
        "quota": quantity,
        "per_customer_limit": 30_000,
        "handed_down": True,
    }
    with _now(maker) as scope:
        batch = add_batch(scope=scope, terms=BatchTerms(**said | terms))
        allot_stock(scope=scope, batch_id=batch.pk, branch_id=branch_id, quantity=quantity)
        revision = submit_batch(scope=scope, batch_id=batch.pk)
    with _now(checker) as scope:
        approve_revision(scope=scope, revision_id=revision.pk, sha256=revision.sha256)
    return batch.pk


def _now(scope: Scope) -> AbstractContextManager[Scope]:
    carry = scope.carry
    return opened(
        staff(login_id=carry["login"], assignment_id=UUID(carry["assignment"]), at=now(), cause="bench")
    )
