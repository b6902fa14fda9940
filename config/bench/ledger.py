"""What the points ledger costs: single postings, awards to many, and a sweep of lots that lapse while others post.

Single postings: ours is the service, in as many processes as there are cores with four threads each; the limit is
pgbench, with as many clients, sending the same function in the same scope and transaction. Awards: ours is the service,
lot by lot in transactions of its own, as the long job calls it; the peer is one statement of the owner that has all at
hand and writes the same movement, lots and entries, under the same constraints and triggers. The sweep: all lots lapse
at one moment; before it and beside it a process posts and claims, and the figures are what is left of its speed.
"""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connections

from campaigns.customers.models import Customer
from campaigns.points.rules import key_of
from campaigns.points.services.postings import Validity, award_points
from campaigns.points.tasks import sweep_lots
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import system_scope
from config.bench.bank import AT, plant, staff_at
from config.bench.beside import Deed, beside, claiming, posting
from config.bench.claims import issue_batch
from config.bench.harness import Comparison, Figures, Report, Target
from config.bench.importing import _compared
from config.bench.machine import BackendClock, machine
from config.bench.scratch import scratch_database
from config.embedded.binaries import postgres_wheel

ROOMS = (
    "audit", "notices", "jobs", "requests", "customers", "approvals", "planning", "events", "rewards", "points",
)  # fmt: skip
HOMES = 100
LOT = 5_000
THREADS = 4
YEAR = Validity(12, "year")

_CUSTOMERS = """
INSERT INTO customers_customer (id, branch_id, branch_pos, number_tail, attributes, source, joined_at, is_personalised,
    status)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, b.id, b.pos, '0000', '{}', 'bench', %(at)s, true,
       'active'
  FROM generate_series(0, %(rows)s - 1) AS n
  JOIN (SELECT id, pos, row_number() OVER (ORDER BY id) - 1 AS nth FROM tenants_branch WHERE id = ANY (%(homes)s)) b
    ON b.nth = n %% %(many)s
"""
_WALLETS = """
INSERT INTO points_wallet (customer_id, branch_id, branch_pos) SELECT id, branch_id, branch_pos FROM customers_customer
"""
_PEER = """
WITH made AS (
    INSERT INTO points_movement (id, branch_id, branch_pos, kind, key, at, title, reason, cause)
    SELECT uuidv7(), b.id, b.pos, 'accrue', uuidv7(), %(at)s, 'bench', '', '' FROM tenants_branch b
     WHERE b.id = %(issuer)s RETURNING id
), who AS MATERIALIZED (
    SELECT c.id, c.branch_id, c.branch_pos, uuidv7() AS lot, m.id AS movement FROM customers_customer c, made m
     WHERE c.id BETWEEN %(first)s AND %(last)s
), opened AS (
    INSERT INTO points_lot (id, branch_id, branch_pos, customer_id, issuer_id, opened_by, points, pending, rest, held,
                            earned_at, active_at, months, ends, expires_at)
    SELECT w.lot, w.branch_id, w.branch_pos, w.id, %(issuer)s, w.movement, 10, 0, 10, 0, %(at)s, %(at)s, 12, 'year',
           %(end)s FROM who w
)
INSERT INTO points_entry (branch_id, branch_pos, movement_id, kind, account, customer_id, lot_id, issuer_id, points, at,
                          title)
SELECT w.branch_id, w.branch_pos, w.movement, 'accrue', 'wallet', w.id, w.lot, %(issuer)s, 10, %(at)s, 'bench'
  FROM who w
UNION ALL
SELECT b.id, b.pos, m.id, 'accrue', 'issued', NULL, NULL, b.id, -10 * (SELECT count(*) FROM who), %(at)s, ''
  FROM made m, tenants_branch b WHERE b.id = %(issuer)s
"""
_SCRIPT = r"""
\set n random(0, {most})
BEGIN;
SELECT branch_id FROM open_system_scope('{at}'::timestamptz, '{request}'::uuid, '{{}}'::jsonb);
SELECT place, word, movement FROM accrue_points(
    ARRAY[('00000000-0000-7000-8000-' || lpad(to_hex(:n::bigint), 12, '0'))::uuid], ARRAY[10::bigint],
    ARRAY[gen_random_uuid()], ARRAY[''], NULL::uuid, {issuer}, 'accrue', 'bench', '', NULL::timestamptz, 12, 'year',
    NULL::uuid, NULL::uuid);
COMMIT;
"""


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """All three, in one database that grows."""
    return measure(rows=40_000, rounds=2, seconds=3, say=say) if quick else measure(say=say)


def measure(
    *,
    rows: int = 1_000_000,
    rounds: int = 5,
    seconds: int = 15,
    migrated: str = "",
    say: Callable[[str], None],
) -> Report:
    """The bench at a size: `rows` awards on each side and `rows` lots that lapse."""
    with ExitStack() as stack:
        stack.enter_context(scratch_database("fenhang_bench_ledger", rooms=ROOMS, like=migrated))
        say(f"filling {rows:,} customers")
        issuer = _plant(rows)
        report = Report(name="ledger", machine=machine(), parameters={"rows": rows, "rounds": rounds})
        report.comparisons = [
            _singles(issuer, rows, rounds, seconds, say),
            _awards(issuer, rows, rounds, say),
            _sweep(issuer, rows, seconds, say),
        ]
        # At most so many times as long: 0.8, 0.5 and 0.8 of the other's speed.
        report.targets = [
            Target("single postings", "ours", 1 / 0.8, "wall"),
            Target("awards", "ours", 1 / 0.5, "wall"),
            Target("lots that lapse", "all of them", 60_000, "p50_ms"),
            Target("lots that lapse", "postings beside", 1 / 0.8, "wall"),
            Target("lots that lapse", "claims beside", 1 / 0.8, "wall"),
        ]
        return report


def _plant(rows: int) -> int:
    planted = plant(300)
    with system_scope(at=AT, cause="bench"):
        homes = list(Branch.objects.filter(children__isnull=True).values_list("pk", flat=True)[:HOMES])
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE customers_customer DISABLE TRIGGER USER")
        cursor.execute(_CUSTOMERS, {"at": AT, "rows": rows, "homes": homes, "many": len(homes)})
        cursor.execute("ALTER TABLE customers_customer ENABLE TRIGGER USER")
        cursor.execute(_WALLETS)
        cursor.execute("ANALYZE customers_customer, points_wallet")
    return planted["head_office"].pk


def _customer(nth: int) -> UUID:
    return UUID(f"00000000-0000-7000-8000-{nth:012x}")


# --- single postings --------------------------------------------------------------------------------------------------


def _singles(issuer: int, rows: int, rounds: int, seconds: int, say: Callable[[str], None]) -> Comparison:
    cores = len(os.sched_getaffinity(0))
    taken: dict[str, list[float]] = {"pgbench": [], "ours": []}
    for turn in range(rounds):
        for name in ("pgbench", "ours") if turn % 2 else ("ours", "pgbench"):
            work = _pgbench if name == "pgbench" else _posted
            taken[name].append(work(issuer, rows, seconds, cores))
        say(
            f"postings, {cores * THREADS} clients: {taken['ours'][-1]:,.0f}/s beside {taken['pgbench'][-1]:,.0f}/s"
        )
    each = {name: [(1 / rate, 0.0) for rate in rates] for name, rates in taken.items()}
    return _compared("single postings", "pgbench", each, 1)


def _pgbench(issuer: int, rows: int, seconds: int, cores: int) -> float:
    """Postings a second by pgbench, as the serving role."""
    held = settings.DATABASES["default"]
    program = postgres_wheel() / "bin" / "pgbench"
    script = _SCRIPT.format(most=rows - 1, at=AT.isoformat(), request=uuid4(), issuer=issuer)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        told = subprocess.run(  # noqa: S603 - our own file, the wheel's program
            [program, "-n", "-M", "prepared", "-c", str(cores * THREADS), "-j", str(cores), "-T", str(seconds), "-f",
             file.name, "-h", str(held["HOST"]), "-p", str(held["PORT"] or 5432), "-U", str(held["USER"]),
             str(held["NAME"])],
            env=os.environ | {"PGPASSWORD": str(held["PASSWORD"])},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
    found = re.search(r"tps = ([\d.]+) \(without", told.stdout)
    if found is None:
        raise AssertionError(told.stdout + told.stderr)
    return float(found[1])


def _posted(issuer: int, rows: int, seconds: int, cores: int) -> float:
    """Postings a second by the service."""
    post = posting(issuer=issuer, who=_customer, many=rows, validity=YEAR)
    return beside([[post] * THREADS] * cores, lambda: time.sleep(seconds))["postings"]


# --- awards -----------------------------------------------------------------------------------------------------------


def _awards(issuer: int, rows: int, rounds: int, say: Callable[[str], None]) -> Comparison:
    taken: dict[str, list[tuple[float, float]]] = {"one INSERT … SELECT": [], "ours": []}
    many = rows // rounds
    for turn in range(rounds):
        sides: list[tuple[str, Callable[[], object]]] = [
            ("one INSERT … SELECT", partial(_insert, issuer, turn * many, many)),
            ("ours", partial(_award, issuer, turn * many, many)),
        ]
        for name, work in sides if turn % 2 else reversed(sides):
            taken[name].append(_timed(work, "default" if name == "ours" else "owner"))
        _settle()
        say(
            f"award {turn + 1} of {rounds}: {many / taken['ours'][-1][0]:,.0f}/s beside"
            f" {many / taken['one INSERT … SELECT'][-1][0]:,.0f}/s"
        )
    return _compared("awards", "one INSERT … SELECT", taken, many)


def _insert(issuer: int, first: int, many: int) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            _PEER,
            {
                "at": AT,
                "issuer": issuer,
                "first": _customer(first),
                "last": _customer(first + many - 1),
                "end": AT.replace(year=2028, month=1, day=1),
            },
        )


def _award(issuer: int, first: int, many: int) -> None:
    job = uuid4()
    for start in range(first, first + many, LOT):
        who = [_customer(nth) for nth in range(start, min(start + LOT, first + many))]
        with system_scope(at=AT, cause="bench") as scope:
            _made, missing = award_points(
                scope=scope, customer_ids=who, points=[10] * len(who), key=key_of(job, start), issuer_id=issuer,
                title="bench", validity=YEAR,
            )  # fmt: skip
            if missing:
                raise AssertionError("a customer was not found")


# --- lots that lapse --------------------------------------------------------------------------------------------------


def _sweep(issuer: int, rows: int, seconds: int, say: Callable[[str], None]) -> Comparison:
    """`rows` lots lapse at one moment; before and beside the sweep a process posts, and claims coupons."""
    end = AT + timedelta(days=400 * 3)
    with connections["owner"].cursor() as cursor:
        # As many lots as there are customers, and none of the bench's others.
        cursor.execute("TRUNCATE points_entry, points_lot, points_movement, points_wallet")
        cursor.execute(_WALLETS)
    _insert(issuer, 0, rows)
    # What is posted beside it never lapses, or the sweep would run after it.
    post = posting(issuer=issuer, who=_customer, many=rows, validity=Validity(None))
    claim = _claims()
    deeds = [[post, post, claim, claim]]
    _settle()
    alone = beside(deeds, lambda: time.sleep(seconds))
    took: list[float] = []

    def sweep() -> None:
        began, lots = time.perf_counter(), 0
        while lots < rows:
            lots += sweep_lots(clock=lambda: end, goes_on=lambda: True)
        took.append(time.perf_counter() - began)

    meanwhile = beside(deeds, sweep)
    said = "; ".join(
        f"{name} {meanwhile[name]:,.0f}/s beside it, {alone[name]:,.0f}/s before" for name in alone
    )
    say(f"{rows:,} lots lapsed in {took[0]:.1f} s; {said}")
    figures = {f"{name} alone": _rate(rate) for name, rate in alone.items()}
    figures |= {f"{name} beside": _rate(rate) for name, rate in meanwhile.items()}
    figures["all of them"] = Figures(rows / took[0], took[0] * 1e3, took[0] * 1e3, None, 0.0, None, 0.0, rows)
    ratios: dict[str, dict[str, float | None]] = {
        f"{name} beside": {"wall": round(alone[name] / meanwhile[name], 3)} for name in alone
    }
    ratios["all of them"] = {"wall": None}
    return Comparison("lots that lapse", "postings alone", figures, ratios)


def _claims() -> Deed:
    """Claims of a batch that does not run out, by customers of one branch."""
    with system_scope(at=AT, cause="bench"):
        head_office = Branch.objects.get(parent__isnull=True)
        home = Customer.objects.values_list("branch_id", flat=True)[0]
        customers = list(Customer.objects.filter(branch_id=home).values_list("pk", flat=True)[:2_000])
    maker, checker = (staff_at(head_office, role) for role in ("rewards_operator", "reviewer"))
    batch = issue_batch(maker=maker, checker=checker, branch_id=home, quantity=1_000_000)
    return claiming(batch=batch, customers=customers)


def _rate(rate: float) -> Figures:
    return Figures(rate, 1e3 / rate, 1e3 / rate, None, 0.0, None, 0.0, int(rate))


def _timed(work: Callable[[], object], using: str) -> tuple[float, float]:
    clock = BackendClock(using)
    before, cpu, began = clock.seconds(), time.process_time(), time.perf_counter()
    work()
    wall, spent, after = time.perf_counter() - began, time.process_time() - cpu, clock.seconds()
    return wall, 0.0 if before is None or after is None else spent + after - before


def _settle() -> None:
    """Statistics as they are when autovacuum has passed; on both sides, and in nobody's time."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE points_entry, points_lot, points_movement, points_wallet")
