"""What granting coupons to a list costs: ours beside one INSERT … SELECT of the same rows.

Both sides write the same rows into the same tables with the same constraints, keys, policies and triggers: a coupon
with its history, and the event of its customer. The peer has everything at hand in a table (customers' ids, hashes,
windows), asks nothing and remembers nothing, and is one statement of the owner. `ours` is the whole way of a list
after somebody chose the file: taken in and sealed, read again, customers found by the hash of their numbers, codes
made, limits and shares asked, stock taken, lots noted, carried out by the long job in transactions of its own. They
take turns, list by list, into one database that grows.
"""

import io
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, connections

from campaigns.customers.selectors import lookups
from campaigns.jobs.long_models import Job
from campaigns.jobs.services.long_runs import run_long
from campaigns.lib.ids import new_id
from campaigns.rewards.models import Coupon, Stock
from campaigns.rewards.services.lists import grant_list
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope, system, system_scope
from config.bench.bank import AT, plant
from config.bench.harness import Report, Target
from config.bench.importing import _compared
from config.bench.machine import BackendClock, machine
from config.bench.scratch import scratch_database

ROOMS = ("audit", "jobs", "customers", "approvals", "planning", "events", "rewards")
# Ours may take so many times as long: 0.7 of the peer's rows a second.
LIMIT = 1 / 0.7
HOMES = 100

_CUSTOMERS = """
INSERT INTO customers_customer (id, branch_id, branch_pos, number_tail, attributes, source, joined_at, is_personalised,
    status)
SELECT id, branch_id, branch_pos, '0000', '{}', 'bench', %s, true, 'active' FROM b_people
"""
_IDENTITIES = """
INSERT INTO customers_identity (id, customer_id, branch_id, branch_pos, kind, app, lookup, value, source, state)
SELECT uuidv7(), id, branch_id, branch_pos, 'customer_number', '', lookup, '\\x01', 'bench', 'verified' FROM b_people
"""
_BATCH = """
INSERT INTO rewards_batch (id, branch_id, branch_pos, title, kind, threshold_fen, off_fen, claim_from, claim_until,
    usable_days, per_customer_limit, payer, handed_down, quota, allotted)
SELECT %(id)s, b.id, b.pos, 'bench', 'cash_off', 10000, 2000, %(at)s - interval '1 day', %(at)s + interval '1 day', 7,
       1,       'head_office', true, 10000000, 10000000 FROM tenants_branch b WHERE b.parent_id IS NULL;
INSERT INTO rewards_livebatch (id, batch_id, revision_id, sha256, shown_from, shown_until, branch_id, branch_pos, title,
    kind, threshold_fen, off_fen, claim_from, claim_until, usable_days, per_customer_limit, payer, handed_down, quota)
SELECT uuidv7(), id, uuidv7(), '', claim_from, claim_until, branch_id, branch_pos, title, kind, threshold_fen, off_fen,
       claim_from, claim_until, usable_days, per_customer_limit, payer, handed_down, quota
  FROM rewards_batch WHERE id = %(id)s;
INSERT INTO rewards_stock (id, batch_id, branch_id, branch_pos, bucket, allotted)
SELECT uuidv7(), %(id)s, b.id, b.pos, n, 10000000 / %(homes)s / 64 FROM tenants_branch b, generate_series(0, 63) AS n
 WHERE b.id = ANY (%(branches)s);
"""
_PEER = """
WITH made AS (
    INSERT INTO rewards_coupon (id, branch_id, branch_pos, batch_id, revision_id, issuer_id, customer_id, nth,
        code_hash, title, kind, threshold_fen, off_fen, payer, claimed_at, usable_from, usable_until, status,
        redeemed_times, how, caused_by)
    SELECT uuidv7(), p.branch_id, p.branch_pos, l.batch_id, l.revision_id, l.branch_id, p.id, 1, p.lookup, l.title,
           l.kind, l.threshold_fen, l.off_fen, l.payer, %(at)s, %(at)s, %(at)s + interval '8 days', 'claimed', 0,
           'granted', %(cause)s
      FROM b_people p, rewards_livebatch l
     WHERE l.batch_id = %(batch)s AND p.nth BETWEEN %(first)s AND %(last)s
    RETURNING id, branch_id, branch_pos, customer_id, batch_id
)
INSERT INTO events_event (id, customer_id, branch_id, branch_pos, kind, at, received_at, source, subject, properties)
SELECT uuidv7(), customer_id, branch_id, branch_pos, 'rewards.coupon.granted', %(at)s, %(at)s, 'rewards',
       'rewards.coupon:' || id, jsonb_build_object('batch', batch_id, 'nth', 1) FROM made
"""


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Grant to lists beside the peer, in turns."""
    return measure(rows=40_000, rounds=2, say=say) if quick else measure(say=say)


def measure(
    *, rows: int = 1_000_000, rounds: int = 5, migrated: str = "", say: Callable[[str], None]
) -> Report:
    """The bench at a size: `rows` coupons on each side, in `rounds` lists."""
    with ExitStack() as stack:
        stack.enter_context(scratch_database("fenhang_bench_grants", rooms=ROOMS, like=migrated))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-grants-")))
        media, settings.MEDIA_ROOT = settings.MEDIA_ROOT, folder
        stack.callback(setattr, settings, "MEDIA_ROOT", media)
        say(f"filling {rows:,} customers")
        ours, peer = _plant(rows)
        many = rows // rounds
        taken: dict[str, list[tuple[float, float]]] = {"one INSERT … SELECT": [], "ours": []}
        for turn in range(rounds):
            sides: list[tuple[str, Callable[[], object]]] = [
                ("one INSERT … SELECT", partial(_insert, peer, turn * many, many)),
                ("ours", partial(_grant, ours, turn * many, many)),
            ]
            for name, work in sides if turn % 2 else reversed(sides):
                taken[name].append(_timed(work, "default" if name == "ours" else "owner"))
            _settle()
            say(
                f"list {turn + 1} of {rounds}: {many / taken['ours'][-1][0]:,.0f}/s beside"
                f" {many / taken['one INSERT … SELECT'][-1][0]:,.0f}/s"
            )
        _check(ours, peer, many * rounds)
        report = Report(
            name="grants",
            machine=machine(),
            parameters={"rows": rows, "rounds": rounds, "rows_of_a_list": many, "homes": HOMES},
        )
        report.comparisons = [_compared("coupons to a list", "one INSERT … SELECT", taken, many)]
        report.targets = [Target("coupons to a list", "ours", LIMIT, "wall")]
        return report


def _plant(rows: int) -> tuple[UUID, UUID]:
    """The bank, its customers, and two batches that are alike."""
    plant(300)
    with system_scope(at=AT, cause="bench"):
        homes = list(Branch.objects.filter(children__isnull=True).values_list("pk", "pos")[:HOMES])
    find = lookups()
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "CREATE TABLE b_people (nth int, id uuid, branch_id int, branch_pos int, lookup bytea)"
        )
        with cursor.copy("COPY b_people FROM STDIN") as copy:
            for nth in range(rows):
                home, pos = homes[nth % len(homes)]
                lookup = find("customer_number", _number(nth), "").hex()
                copy.write(f"{nth}\t{new_id()}\t{home}\t{pos}\t\\\\x{lookup}\n")
        cursor.execute("CREATE INDEX ON b_people (nth)")
        guarded = (
            "customers_customer",
            "customers_identity",
            "rewards_batch",
            "rewards_livebatch",
            "rewards_stock",
        )
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(_CUSTOMERS, [AT])
        cursor.execute(_IDENTITIES)
        batches = new_id(), new_id()
        for batch_id in batches:
            branches = [home for home, _pos in homes]
            values: dict[str, Any] = {"id": batch_id, "at": AT, "homes": len(homes), "branches": branches}
            for statement in _BATCH.split(";\n")[:-1]:
                cursor.execute(statement, values)
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute(
            "ANALYZE customers_customer, customers_identity, rewards_stock, rewards_livebatch, b_people"
        )
    return batches


def _number(nth: int) -> str:
    return f"6{nth:011d}"


def _insert(batch_id: UUID, first: int, many: int) -> None:
    with connections["owner"].cursor() as cursor:
        values: dict[str, Any] = {
            "batch": batch_id,
            "at": AT,
            "first": first,
            "last": first + many - 1,
            "cause": f"jobs.job:{batch_id}",
        }
        cursor.execute(_PEER, values)


def _grant(batch_id: UUID, first: int, many: int) -> None:
    lines = ["客户号", *map(_number, range(first, first + many)), ""]
    file = io.BytesIO("\n".join(lines).encode())
    with system_scope(at=AT, cause="bench") as scope:
        grant_list(scope=scope, batch_id=batch_id, file=file, name="bench.csv", reason="bench")

    def reopen(_kind: str, _carry: dict[str, Any], at: Any) -> Scope:
        return system(at=at, cause="bench")

    if not run_long(scope=system(at=AT, cause="bench"), reopen=reopen, clock=lambda: AT):
        raise AssertionError("there was no job")


def _timed(work: Callable[[], object], using: str) -> tuple[float, float]:
    """Seconds on the clock, and processor seconds of application and database together (0: not measurable)."""
    clock = BackendClock(using)
    before, cpu, began = clock.seconds(), time.process_time(), time.perf_counter()
    work()
    wall, spent, after = time.perf_counter() - began, time.process_time() - cpu, clock.seconds()
    return wall, 0.0 if before is None or after is None else spent + after - before


def _settle() -> None:
    """Statistics as they are when autovacuum has passed; on both sides, and in nobody's time."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE rewards_coupon, rewards_couponevent, events_event, rewards_stock")


def _check(ours: UUID, peer: UUID, many: int) -> None:
    with system_scope(at=AT, cause="bench"), connection.cursor() as cursor:
        for batch_id in (ours, peer):
            if Coupon.objects.filter(batch_id=batch_id).count() != many:
                raise AssertionError("not every coupon was written")
        claimed = sum(Stock.objects.filter(batch_id=ours).values_list("claimed", flat=True))
        cursor.execute("SELECT count(*) FROM events_event WHERE kind = 'rewards.coupon.granted'")
        told = cursor.fetchone()[0]
        if claimed != many or told != 2 * many or Job.objects.exclude(state="done").exists():
            raise AssertionError(f"the books do not agree: {claimed} taken, {told} told of {many}")
