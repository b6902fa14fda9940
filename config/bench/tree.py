"""What a large tree costs: the same pages and verbs in banks of 100, 1,000 and 10,000 branches.

Each size is a database of its own with the same rows in it; the sizes take turns. Pages are asked of the real views,
as a logged-in administrator at head office: `cpu` counts the whole of the application and the database.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.test import Client

from campaigns.lib.clock import FOREVER
from campaigns.tenants.models import Branch, Login
from campaigns.tenants.scopes import Scope, opened
from campaigns.tenants.selectors import branch_in_scope
from campaigns.tenants.services.tree import move_branch
from config.bench.bank import AT, plant, staff_at
from config.bench.harness import Comparison, Report, Target, Variant, compare
from config.bench.machine import machine
from config.bench.scratch import scratch_database

SIZES = (100, 1_000, 10_000)
# The cost of a page in the largest bank, to that in the smallest.
LIMIT = 1.2
# Of any search in the switcher, and of a move with 20,000 bound rows; ms.
SEARCH_MS, MOVE_MS = 50, 5_000
WORDS = ["支行", "杭州", "zhongshan", "bj", "长江路", "B7", "深圳 解放", "行"]

_MIGRATED = "fenhang_bench_tree"

# Scattered over all branches; history comes by itself.
FILL = """
WITH place AS MATERIALIZED (SELECT id, pos, row_number() OVER (ORDER BY pos) - 1 AS nth FROM tenants_branch
                             WHERE pos BETWEEN %(lo)s AND %(hi)s)
INSERT INTO content_item (id, kind, title, summary, body, handed_down, shown_from, shown_until, author_name, changed_at,
                          branch_id, branch_pos, product_class)
SELECT uuidv7(make_interval(secs => -n)), 'poster', '春节存款 ' || n, '', '', false, %(at)s, %(forever)s, '', %(at)s,
       place.id, place.pos, ''
  FROM generate_series(1, %(rows)s) n JOIN place ON place.nth = n %% (SELECT count(*) FROM place)
"""


@dataclass(frozen=True)
class Bank:
    """One size: its connection, and somebody logged in at head office of it."""

    size: int
    connection: Any
    client: Client
    scope: Scope
    assignment: str
    places: dict[str, Branch]

    @property
    def name(self) -> str:
        return f"{self.size} branches"

    def enter(self) -> None:
        """Everything asked from now on is asked of this bank."""
        connections["default"] = self.connection


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure pages, the switcher and a move at three sizes."""
    if quick:
        return measure(sizes=(100, 1_000), rows=2_000, rounds=3, moves=1, say=say)
    return measure(say=say)


def measure(
    *,
    sizes: tuple[int, ...] = SIZES,
    rows: int = 20_000,
    rounds: int = 15,
    moves: int = 3,
    migrated: str = _MIGRATED,
    say: Callable[[str], None],
) -> Report:
    """Banks of `sizes` (the first is the base) with `rows` items scattered in each, and `rounds` of each comparison.

    `migrated` names an empty database that has all tables already.
    """
    rooms = tuple(sorted(MigrationLoader(None).migrated_apps))
    with ExitStack() as stack:
        if migrated == _MIGRATED:
            stack.enter_context(scratch_database(_MIGRATED, rooms=rooms))
        banks: list[Bank] = []
        for size in sizes:
            say(f"a bank of {size} branches")
            banks.append(stack.enter_context(_bank(size, rows, migrated)))
        stack.callback(_enter, connections["default"])
        banks[0].enter()
        report = Report("tree", machine(), {"sizes": sizes, "rows": rows, "rounds": rounds})
        for case, work, items in _CASES:
            say(case)
            report.comparisons.append(_compare(case, banks, work, rounds=rounds, items=items))
            if case != "switcher search":  # of more branches more answer; its promise is a time
                report.targets.append(Target(case, banks[-1].name, LIMIT))
        say("moves")
        report.parameters["rows_moved"] = {bank.name: _bound(bank) for bank in banks}
        report.comparisons.append(_compare("move", banks, _move, rounds=moves, items=2))
        report.targets += [
            Target("switcher search", banks[-1].name, SEARCH_MS, "p50_ms"),
            Target("move", banks[-1].name, MOVE_MS, "p50_ms"),
        ]
        return report


def _enter(connection: Any) -> None:
    connections["default"] = connection


@contextmanager
def _bank(size: int, rows: int, migrated: str) -> Iterator[Bank]:
    with scratch_database(f"{_MIGRATED}_{size}", rooms=(), like=migrated):
        places = plant(size)
        scope = staff_at(places["head_office"], role="administrator")
        _fill(rows, places["head_office"])
        # Below the city that will move: these, and a row of history of each.
        _fill(rows // 2, places["city"])
        home: Any = connections["default"]
        own = home.copy()
        _enter(own)
        try:
            client = Client(SERVER_NAME="127.0.0.1")
            client.force_login(Login.objects.get(pk=scope.carry["login"]))
            _enter(home)
            yield Bank(size, own, client, scope, str(scope.carry["assignment"]), places)
        finally:
            _enter(home)
            own.close()


def _fill(rows: int, top: Branch) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(FILL, {"rows": rows, "lo": top.pos, "hi": top.pos_end, "at": AT, "forever": FOREVER})
        cursor.execute("ANALYZE")


Work = Callable[[Bank], Callable[[int], object]]


def _compare(case: str, banks: list[Bank], work: Work, *, rounds: int, items: int) -> Comparison:
    variants = [Variant(bank.name, work(bank), before=bank.enter) for bank in banks]
    return compare(case, variants, rounds=rounds, items=items)


def _page(path: str) -> Work:
    def work(bank: Bank) -> Callable[[int], object]:
        def get(_n: int) -> int:
            answer = bank.client.get(path)
            if answer.status_code != 200:
                raise AssertionError(f"{path} answered {answer.status_code}")
            return len(answer.content)

        return get

    return work


def _search(bank: Bank) -> Callable[[int], object]:
    return lambda n: bank.client.get("/admin/switch/search/", {"q": WORDS[n % len(WORDS)]}).json()["items"]


def _switch(bank: Bank) -> Callable[[int], object]:
    """There or back, and the page one was on."""

    def switch(n: int) -> None:
        place = bank.places["province" if n % 2 else "head_office"]
        asked = {"assignment": bank.assignment, "branch": place.pk, "next": "/admin/tenants/role/"}
        answer = bank.client.post("/admin/switch/", asked)
        if answer.headers["Location"] != asked["next"] or bank.client.get(asked["next"]).status_code != 200:
            raise AssertionError("the switch led elsewhere")

    return switch


_CASES: list[tuple[str, Work, int]] = [
    ("branches page", _page("/admin/tenants/branch/"), 2),
    ("items page", _page("/admin/content/item/"), 2),
    ("form with a branch", _page("/admin/tenants/person/add/"), 2),
    ("switch", _switch, 2),
    ("switcher search", _search, len(WORDS)),
]


def _bound(bank: Bank) -> int:
    """How many items and rows of their history lie below the city."""
    bank.enter()
    with opened(bank.scope) as scope, connections["default"].cursor() as cursor:
        city = branch_in_scope(scope=scope, branch_id=bank.places["city"].pk)
        cursor.execute(
            "SELECT (SELECT count(*) FROM content_item WHERE branch_pos BETWEEN %(lo)s AND %(hi)s)"
            " + (SELECT count(*) FROM content_itemevent WHERE branch_pos BETWEEN %(lo)s AND %(hi)s)",
            {"lo": city.pos, "hi": city.pos_end},
        )
        return int(cursor.fetchone()[0])


def _move(bank: Bank) -> Callable[[int], object]:
    """A city with all its rows from one province to another, and back the next time."""

    def move(_n: int) -> None:
        with opened(bank.scope) as scope:
            city = Branch.objects.get(pk=bank.places["city"].pk)
            here, there = bank.places["province"].pk, bank.places["other"].pk
            move_branch(
                scope=scope, branch_id=city.pk, to_parent_id=there if city.parent_id == here else here
            )

    return move
