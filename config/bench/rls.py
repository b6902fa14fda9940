"""What row-level security costs: the same queries with the walls and without, on a tree of thousands of branches.

Two copies of one table, alike in rows, indexes and keys: `bench_walled` went through `wall(...)`, `bench_open` has
no policies. Both are asked as fenhang_app inside the same staff scope, the way selectors ask: through the ORM and
with the explicit condition `.within(scope)`; `policy alone` leaves that condition to the database. `cpu` counts
both sides, `cpu_database` the database's alone.
"""

import random
from collections.abc import Callable
from uuid import UUID

from django.db import connection, connections, models, transaction

from campaigns.tenants.models import TenantModel, TenantQuerySet
from campaigns.tenants.scopes import Scope, opened, staff
from campaigns.tenants.walls import wall
from config.bench.bank import AT, LEVELS, plant, staff_at
from config.bench.harness import Comparison, Report, Target, Variant, compare
from config.bench.machine import machine
from config.bench.scratch import scratch_database

LIMIT = 1.3


class Item(TenantModel):
    """The columns of both copies. Not of the application: the bench makes and drops the tables."""

    id = models.UUIDField(primary_key=True)
    title = models.TextField()
    state = models.TextField()
    amount = models.IntegerField()

    class Meta:
        abstract = True
        app_label = "config"

    def __str__(self) -> str:
        return self.title


class Walled(Item):
    class Meta(Item.Meta):
        abstract = False
        managed = False
        db_table = "bench_walled"


class Open(Item):
    class Meta(Item.Meta):
        abstract = False
        managed = False
        db_table = "bench_open"


TABLE = """
CREATE TABLE {table} (id uuid PRIMARY KEY, title text NOT NULL, state text NOT NULL, amount int NOT NULL,
                      branch_id int NOT NULL, branch_pos int NOT NULL);
CREATE INDEX {table}_newest ON {table} (branch_pos, id DESC);
"""
# The keys and the index that `wall` gives, without the policies.
OPEN_KEYS = """
CREATE INDEX bench_open_position ON bench_open (branch_pos);
ALTER TABLE bench_open ADD CONSTRAINT bench_open_follows_its_branch FOREIGN KEY (branch_id, branch_pos)
    REFERENCES tenants_branch (id, pos) ON UPDATE CASCADE;
"""
# Ids in the order of time, rows scattered over the branches that have customers.
FILL = """
WITH place AS MATERIALIZED (SELECT id, pos, row_number() OVER (ORDER BY pos) - 1 AS nth FROM tenants_branch
                            WHERE level IN ('branch', 'outlet'))
INSERT INTO bench_walled (id, title, state, amount, branch_id, branch_pos)
SELECT uuidv7(make_interval(secs => -n)), '内容 ' || n, (ARRAY['draft', 'live', 'done'])[1 + n %% 3], n %% 10000,
       place.id, place.pos
  FROM (SELECT n, (n::bigint * 2654435761 %% 4294967296) %% (SELECT count(*) FROM place) AS nth
          FROM generate_series(1, %(rows)s) n) row
  JOIN place USING (nth)
"""
# The same facts as a scope's opening finds, asked by an application that keeps no settings in the database.
FACTS_WITHOUT_WALLS = """
WITH RECURSIVE held AS (
    SELECT a.person_id, p.name, r.code, r.verbs, b.id, b.pos, b.pos_end
      FROM bench_assignment a JOIN bench_person p ON p.id = a.person_id
      JOIN tenants_login l ON l.person_id = a.person_id
      JOIN tenants_role r ON r.code = a.role_id JOIN bench_branch b ON b.id = a.branch_id
     WHERE a.id = %s AND l.id = %s AND l.is_active AND a.held_from <= %s AND a.held_until > %s
), up (id, parent_id, depth) AS (
    SELECT b.id, b.parent_id, 0 FROM bench_branch b JOIN held ON held.id = b.id
    UNION ALL SELECT b.id, b.parent_id, up.depth + 1 FROM bench_branch b JOIN up ON b.id = up.parent_id
)
SELECT held.*, (SELECT array_agg(id ORDER BY depth) FROM up) FROM held
"""


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure list page, count, point read and scope set-up at four levels of the tree."""
    return measure(branches=1_000, rows=50_000, rounds=10, say=say) if quick else measure(say=say)


def measure(
    *, branches: int = 10_000, rows: int = 1_000_000, rounds: int = 40, say: Callable[[str], None]
) -> Report:
    """The bench at a size: a tree of `branches`, `rows` rows in each copy, `rounds` rounds of each comparison."""
    with scratch_database("fenhang_bench_rls", rooms=("tenants", "audit")):
        report = Report(
            name="rls",
            machine=machine(),
            parameters={
                "branches": branches,
                "rows": rows,
                "rounds": rounds,
                "role": "fenhang_app",
                "parallel_workers": 0,
            },
        )
        say(f"filling {branches} branches and {rows} rows")
        places = plant(branches)
        _fill(rows)
        for level in LEVELS:
            say(f"measuring at {level}")
            scope = staff_at(places[level])
            report.comparisons += _queries(level, scope, rounds, say)
            report.comparisons.append(_opening(level, scope, rounds))
            report.targets += [
                Target(f"{case}, {level}", "walled", LIMIT) for case in ("list page", "point read")
            ]
        return report


def _fill(rows: int) -> None:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for table in ("bench_walled", "bench_open"):
            cursor.execute(TABLE.format(table=table))
        for operation in wall("bench_walled"):
            cursor.execute(str(operation.sql))
        cursor.execute(OPEN_KEYS)
        cursor.execute(FILL, {"rows": rows})
        cursor.execute("INSERT INTO bench_open SELECT * FROM bench_walled")
        cursor.execute("GRANT SELECT ON bench_open TO fenhang_app")
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE bench_walled")
        cursor.execute("VACUUM ANALYZE bench_open")


Rows = Callable[[], TenantQuerySet]


def _newest(rows: Rows) -> Callable[[int], object]:
    return lambda _n: [row.pk for row in rows().order_by("-id")[:50]]


def _count(rows: Rows) -> Callable[[int], object]:
    return lambda _n: rows().count()


def _one(rows: Rows, ids: list[UUID]) -> Callable[[int], object]:
    return lambda n: rows().get(pk=ids[n % len(ids)]).pk


def _queries(level: str, scope: Scope, rounds: int, say: Callable[[str], None]) -> list[Comparison]:
    found = []
    with opened(scope):
        ways: dict[str, Rows] = {
            "no policies": lambda: Open.objects.within(scope),
            "walled": lambda: Walled.objects.within(scope),
            "policy alone": lambda: Walled.objects.all(),
        }
        with connection.cursor() as cursor:
            # Workers' processor time is not the backend's: without them the comparison is fair.
            cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        size = ways["no policies"]().count()
        some = list(ways["no policies"]().order_by("-id").values_list("pk", flat=True)[:20_000])
        ids = random.Random(7).sample(some, k=min(len(some), 1000))
        say(f"  {size} rows in the scope")
        cases: list[tuple[str, Callable[[Rows], Callable[[int], object]], int]] = [
            ("list page", _newest, 20),
            ("count", _count, 1 if size > 100_000 else 4 if size > 5_000 else 20),
            ("point read", lambda rows: _one(rows, ids), 50),
        ]
        for case, ask, items in cases:
            variants = [Variant(name, ask(rows)) for name, rows in ways.items()]
            _agree(variants)
            found.append(compare(f"{case}, {level}", variants, rounds=rounds, items=items))
    return found


def _agree(variants: list[Variant]) -> None:
    """A comparison of different answers would be no comparison."""
    answers = [variant.do(1) for variant in variants]
    if any(answer != answers[0] for answer in answers):
        raise AssertionError("the variants disagree")


def _opening(level: str, scope: Scope, rounds: int) -> Comparison:
    """A whole small transaction: open the scope and read its facts, against reading the facts alone."""
    carry = scope.carry
    _plain_copies()

    def with_scope(_n: int) -> object:
        fresh = staff(login_id=carry["login"], assignment_id=UUID(carry["assignment"]), at=AT, cause="bench")
        with opened(fresh):
            return fresh.lo

    def facts_alone(_n: int) -> object:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FACTS_WITHOUT_WALLS, (carry["assignment"], carry["login"], AT, AT))
            return cursor.fetchone()

    return compare(
        f"scope set-up, {level}",
        [Variant("facts alone", facts_alone), Variant("scope", with_scope)],
        rounds=rounds,
        items=50,
    )


def _plain_copies() -> None:
    """Branches, people and assignments again, without policies."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for noun in ("branch", "person", "assignment"):
            cursor.execute(
                f"DROP TABLE IF EXISTS bench_{noun}; CREATE TABLE bench_{noun} (LIKE tenants_{noun} INCLUDING INDEXES);"
                f"INSERT INTO bench_{noun} SELECT * FROM tenants_{noun}; GRANT SELECT ON bench_{noun} TO fenhang_app"
            )
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE bench_branch, bench_person, bench_assignment")
