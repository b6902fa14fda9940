"""Counting customers by tags: the array under its index, asked through the verb, beside the tables it is instead of.

Customers have twenty tags each, of four hundred that are the rarer the higher their number. The peer is the plain way:
a row for each customer and tag (entity, attribute, value), with the index that serves it best, no policies, and the
scope as a condition; asked once by joins and once by grouping, of which the quicker one counts.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection, connections, transaction

from campaigns.customers.tag_selectors import count_tagged
from campaigns.tenants.scopes import Scope, opened
from config.bench.bank import plant, staff_at
from config.bench.harness import Comparison, Report, Target, Variant, compare
from config.bench.machine import machine
from config.bench.scratch import scratch_database

TAGS, EACH = 400, 20
LEVELS = ("head_office", "province", "branch")
# Conditions of three tags, asked in turn: how common they are follows from their numbers.
ASKED = {
    "common tags": [(1, 2, 3), (2, 4, 7), (3, 5, 9), (1, 6, 11)],
    "mixed tags": [(1, 30, 120), (2, 45, 160), (5, 60, 200), (3, 80, 140)],
    "rare tags": [(150, 210, 260), (170, 220, 300), (190, 230, 280), (200, 240, 310)],
}
# At every level an array is to be at least twice as fast.
LIMIT = 0.5

# A tag's number is 400 times the square of an even number between 0 and 1: low ones are common.
FILL = """
WITH place AS MATERIALIZED (SELECT id, pos, row_number() OVER (ORDER BY pos) - 1 AS nth FROM tenants_branch
                            WHERE level IN ('branch', 'outlet'))
INSERT INTO customers_profile (customer_id, branch_id, branch_pos, tag_ids)
SELECT uuidv7(make_interval(secs => -n)), place.id, place.pos,
       ARRAY(SELECT DISTINCT 1 + floor(%(tags)s * power((hashint8(n::bigint * 64 + k)::bigint + 2147483648)
                                                        / 4294967296.0::float8, 2))::int
               FROM generate_series(1, %(each)s) k ORDER BY 1)
  FROM (SELECT n, (n::bigint * 2654435761 %% 4294967296) %% (SELECT count(*) FROM place) AS nth
          FROM generate_series(1, %(rows)s) n) row JOIN place USING (nth)
"""
PEER = """
CREATE TABLE bench_tagged (customer_id uuid NOT NULL, branch_pos int NOT NULL, tag_id int NOT NULL);
INSERT INTO bench_tagged SELECT customer_id, branch_pos, unnest(tag_ids) FROM customers_profile;
CREATE INDEX bench_tagged_best ON bench_tagged (tag_id, branch_pos, customer_id);
CREATE INDEX bench_tagged_own ON bench_tagged (customer_id, tag_id);
GRANT SELECT ON bench_tagged TO fenhang_app;
"""
BY_JOIN = """
SELECT count(*) FROM bench_tagged a JOIN bench_tagged b USING (customer_id) JOIN bench_tagged c USING (customer_id)
 WHERE a.tag_id = %(a)s AND b.tag_id = %(b)s AND c.tag_id = %(c)s AND a.branch_pos BETWEEN %(lo)s AND %(hi)s
   AND b.branch_pos BETWEEN %(lo)s AND %(hi)s AND c.branch_pos BETWEEN %(lo)s AND %(hi)s
"""
BY_GROUP = """
SELECT count(*) FROM (SELECT customer_id FROM bench_tagged WHERE tag_id = ANY (%(all)s)
                         AND branch_pos BETWEEN %(lo)s AND %(hi)s GROUP BY customer_id HAVING count(*) = 3) found
"""


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Count three kinds of conditions at three levels of the tree."""
    return measure(branches=300, customers=20_000, rounds=3, say=say) if quick else measure(say=say)


def measure(
    *,
    branches: int = 10_000,
    customers: int = 1_000_000,
    rounds: int = 3,
    migrated: str = "",
    say: Callable[[str], None],
) -> Report:
    """The bench at a size: a tree of `branches`, `customers` with their tags, `rounds` rounds of each comparison."""
    with scratch_database("fenhang_bench_tags", rooms=("tenants", "audit", "customers"), like=migrated):
        say(f"filling {branches} branches and {customers} customers")
        places = plant(branches)
        sizes = _fill(customers)
        report = Report(
            name="tags",
            machine=machine(),
            parameters={"branches": branches, "customers": customers, "rounds": rounds, "bytes": sizes},
        )
        for level in LEVELS:
            say(f"measuring at {level}")
            report.comparisons += _counts(level, staff_at(places[level], "branch_manager"), rounds)
        report.targets = [
            Target(f"{case}, {level}", "array", LIMIT, "p50") for case in ASKED for level in LEVELS
        ]
        return report


def _fill(customers: int) -> dict[str, int]:
    """Profiles alone: the bench is about them, and their customers would take ten times as long to make."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE customers_profile DROP CONSTRAINT customers_profile_follows_its_customer")
        cursor.execute("DROP INDEX customers_profile_tags")
        cursor.execute(FILL, {"rows": customers, "tags": TAGS, "each": EACH})
        cursor.execute(
            "CREATE INDEX customers_profile_tags ON customers_profile USING gin (tag_ids) WITH (fastupdate = off)"
        )
        cursor.execute(PEER)
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE customers_profile")
        cursor.execute("VACUUM ANALYZE bench_tagged")
        cursor.execute(
            "SELECT pg_total_relation_size('customers_profile'), pg_total_relation_size('bench_tagged')"
        )
        ours, peer = cursor.fetchone()
    return {"array": ours, "rows": peer}


def _counts(level: str, scope: Scope, rounds: int) -> list[Comparison]:
    def asked(statement: str, tags: tuple[int, ...]) -> int:
        values: dict[str, Any] = dict(zip("abc", tags, strict=True))
        values |= {"all": list(tags), "lo": scope.lo, "hi": scope.hi}
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return int(cursor.fetchone()[0])

    ways: dict[str, Callable[[tuple[int, ...]], int]] = {
        "rows, joined": lambda tags: asked(BY_JOIN, tags),
        "rows, grouped": lambda tags: asked(BY_GROUP, tags),
        "array": lambda tags: count_tagged(every=tags),
    }
    found = []
    with opened(scope):
        with connection.cursor() as cursor:
            # Workers' processor time is not the backend's: without them the comparison is fair.
            cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        for case, conditions in ASKED.items():
            for tags in conditions:
                if len({way(tags) for way in ways.values()}) > 1:
                    raise AssertionError(f"the variants disagree on {tags}")

            def variant(name: str, conditions: list[tuple[int, int, int]] = conditions) -> Variant:
                return Variant(name, lambda n: ways[name](conditions[n % len(conditions)]))

            # The quicker of the peers is the base.
            trial = compare(case, [variant("rows, joined"), variant("rows, grouped")], rounds=1, items=4)
            base = min(trial.figures, key=lambda name: trial.figures[name].p50_ms)
            found.append(
                compare(f"{case}, {level}", [variant(base), variant("array")], rounds=rounds, items=4)
            )
    return found
