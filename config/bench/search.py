"""What a search by words costs: ours, the same look without walls, and the part of a text that a policy leaves slow.

Two tables alike in rows and indexes: `bench_walled` went through `wall(...)` and `searchable(...)`,
`bench_open` has no policies. `ours` is what a list does: the verb proposes keys, and the first page is read through the
policies. `no walls` does both on the open table with the explicit interval. `ILIKE` is the list without the verb.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection, connections, transaction
from django.db.models import F

from campaigns.tenants.scopes import Scope, opened
from campaigns.tenants.search import FOUND_AT_MOST, AnyOf, narrowed
from campaigns.tenants.search_sql import searchable
from campaigns.tenants.walls import wall
from config.bench.bank import LEVELS, plant, staff_at
from config.bench.harness import Comparison, Report, Target, Variant, compare
from config.bench.machine import machine
from config.bench.rls import TABLE, Open, Walled
from config.bench.scratch import scratch_database

PAGE = 50
# At head office over a million rows, ms.
LIMIT_MS = 200

# Four words of forty make a title, so that each word stands in about one of ten.
WORDS = [
    "春节", "中秋", "端午", "存款", "理财", "积分", "兑换", "好礼", "专享", "满减",
    "周末", "新客", "老客", "推荐", "直播", "讲座", "养老", "少儿", "教育", "购车",
    "装修", "消费", "贷款", "利率", "优惠", "手机", "银行", "支付", "北京", "杭州",
    "南京", "上海", "广州", "深圳", "成都", "西安", "武汉", "天津", "信用卡", "数字人民币",
]  # fmt: skip
# Each case: words of a kind, asked in turn.
ASKED = {
    "two characters": ["春节", "理财", "杭州", "直播"],
    "two characters, rare": ["蛇年", "冬至", "立春", "谷雨"],
    "one character": ["购", "周", "端", "少"],
    "three characters": ["信用卡", "数字人", "卡信用", "人民币"],
    "two words": ["春节 杭州", "理财 直播", "积分 养老", "端午 讲座"],
    "nothing": ["鼋鼍", "zz", "9999999", "春鼍"],
}
RARE = ["蛇年", "冬至", "立春", "谷雨"]

FILL = """
WITH place AS MATERIALIZED (SELECT id, pos, row_number() OVER (ORDER BY pos) - 1 AS nth FROM tenants_branch
                            WHERE level IN ('branch', 'outlet'))
INSERT INTO bench_open (id, title, state, amount, branch_id, branch_pos)
SELECT uuidv7(make_interval(secs => -n)),
       (SELECT string_agg(words[1 + abs(hashint8(n * 31 + k)::bigint) %% cardinality(words)], '')
          FROM generate_series(1, 4) k)
       || CASE WHEN n %% 2500 = 0 THEN rare[1 + n / 2500 %% 4] ELSE '' END || n %% 1000,
       'draft', n %% 10000, place.id, place.pos
  FROM (SELECT n, (n::bigint * 2654435761 %% 4294967296) %% (SELECT count(*) FROM place) AS nth
          FROM generate_series(1, %(rows)s) n) row
  JOIN place USING (nth), (SELECT %(words)s::text[] AS words, %(rare)s::text[] AS rare) vocabulary
"""


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure kinds of words at four levels of the tree, the price of an insertion, and the size of the index."""
    return measure(branches=1_000, rows=50_000, rounds=3, say=say) if quick else measure(say=say)


def measure(
    *, branches: int = 10_000, rows: int = 1_000_000, rounds: int = 3, say: Callable[[str], None]
) -> Report:
    """The bench at a size: a tree of `branches`, `rows` titles, `rounds` rounds of each comparison."""
    with scratch_database("fenhang_bench_search", rooms=("tenants", "audit")):
        say(f"filling {branches} branches and {rows} rows")
        places = plant(branches)
        sizes = _fill(rows)
        report = Report(
            name="search",
            machine=machine(),
            parameters={"branches": branches, "rows": rows, "rounds": rounds, "bytes": sizes},
        )
        for level in LEVELS:
            say(f"measuring at {level}")
            scope = staff_at(places[level])
            report.comparisons += _looks(level, scope, rounds)
            report.targets += [
                Target(f"{case}, {level}", "ours", LIMIT_MS, "p50_ms")
                for case in ("two characters", "two characters, rare", "three characters")
            ]
        report.comparisons.append(_inserts(scope, rounds))
        return report


def _fill(rows: int) -> dict[str, int]:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for table in ("bench_walled", "bench_open"):
            cursor.execute(TABLE.format(table=table))
        cursor.execute(FILL, {"rows": rows, "words": WORDS, "rare": RARE})
        cursor.execute("INSERT INTO bench_walled SELECT * FROM bench_open ORDER BY id")
        cursor.execute("CREATE TABLE bench_plain (LIKE bench_open INCLUDING INDEXES)")
        for operation in (*wall("bench_walled"), *searchable("bench_walled", columns=("title",))):
            cursor.execute(str(operation.sql))
        cursor.execute(
            "CREATE INDEX ON bench_open (branch_pos); CREATE INDEX ON bench_plain (branch_pos);"
            "CREATE INDEX ON bench_open USING gin (bigrams(title::text));"
            "CREATE TABLE bench_indexed (LIKE bench_open INCLUDING INDEXES); GRANT SELECT ON bench_open TO fenhang_app;"
            "GRANT SELECT, INSERT ON bench_plain, bench_indexed TO fenhang_app"
        )
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE bench_walled")
        cursor.execute("VACUUM ANALYZE bench_open")
        cursor.execute("SELECT pg_relation_size('bench_walled'), pg_relation_size('bench_walled_bigrams')")
        table, index = cursor.fetchone()
    return {"table": table, "index": index}


NO_WALLS = """
SELECT id FROM (SELECT id, title FROM bench_open
                 WHERE bigrams(title::text) @> search_grams(search_words(%(words)s))
                   AND branch_pos BETWEEN %(lo)s AND %(hi)s OFFSET 0) found
 WHERE NOT EXISTS (SELECT FROM unnest(search_words(%(words)s)) word WHERE strpos(search_fold(found.title), word) = 0)
 ORDER BY id DESC LIMIT %(at_most)s
"""


Look = Callable[[str], list[Any]]


def _asking(look: Look, words: list[str]) -> Callable[[int], object]:
    return lambda n: look(words[n % len(words)])


def _looks(level: str, scope: Scope, rounds: int) -> list[Comparison]:
    def ours(words: str) -> list[Any]:
        return list(narrowed(scope=scope, rows=Walled.objects.within(scope), words=words).rows[:PAGE])

    def no_walls(words: str) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(
                NO_WALLS, {"words": words, "lo": scope.lo, "hi": scope.hi, "at_most": FOUND_AT_MOST}
            )
            keys = [key for (key,) in cursor.fetchall()]
        return list(Open.objects.within(scope).filter(AnyOf(F("pk"), keys)).order_by("-id")[:PAGE])

    def ilike(words: str) -> list[Any]:
        rows: Any = Walled.objects.within(scope)
        for word in words.split():
            rows = rows.filter(title__icontains=word)
        return list(rows.order_by("-id")[:PAGE])

    found = []
    with opened(scope):
        with connection.cursor() as cursor:
            # Workers' processor time is not the backend's: without them the comparison is fair.
            cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        for case, asked in ASKED.items():
            looks = {"no walls": no_walls, "ours": ours}
            if case.startswith("two characters"):  # seconds at head office, whatever is asked
                looks["ILIKE"] = ilike
            variants = [Variant(name, _asking(look, asked)) for name, look in looks.items()]
            for words in asked:
                sizes = {len(look(words)) for look in looks.values()}
                if len(sizes) > 1:
                    raise AssertionError(f"the variants disagree on {words}")
            found.append(compare(f"{case}, {level}", variants, rounds=rounds, items=4))
    return found


def _inserts(scope: Scope, rounds: int) -> Comparison:
    """A thousand rows in one statement, without the index and with it."""

    def into(table: str) -> Callable[[int], object]:
        def insert(n: int) -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    f"INSERT INTO {table} SELECT uuidv7(), title, state, amount, branch_id, branch_pos"
                    f" FROM bench_open ORDER BY id LIMIT 1000 OFFSET {n * 1000 % 20_000}"
                )

        return insert

    variants = [Variant("no index", into("bench_plain")), Variant("index", into("bench_indexed"))]
    with opened(scope):
        return compare("inserting 1000 rows", variants, rounds=rounds, items=4)
