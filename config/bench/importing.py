"""What bringing customers in by a file costs: ours beside COPY into temporary tables and one upsert for each table.

Both sides read the same lines, hash and seal each value under a key of the person, and write into the same tables with
the same constraints, policies and triggers; sealing is part of both, since neither could leave it out. They take turns,
file by file, into one database that grows, and each file is the other's with other numbers. `ours` is the whole way of
a file after it was taken in: judged, then carried out lot by lot in transactions of their own, with what is kept to
take it back. `one upsert` is one transaction that remembers nothing. For the file that changes nothing, `ours` judges
it and `anti-join` copies it into a temporary table and asks once for what differs.
"""

import csv
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO, Any

import orjson
from django.conf import settings
from django.db import connection, connections

from campaigns.customers.imports.mapping import Columns
from campaigns.customers.models import Attribute, CustomerFile, Tag, TagCategory
from campaigns.customers.rules import tail_of
from campaigns.customers.selectors import lookups, place_of_value
from campaigns.customers.services import import_runs, imports
from campaigns.lib import crypto
from campaigns.lib.clock import FOREVER
from campaigns.lib.ids import new_id
from campaigns.lib.memory import settled_memory
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import system_scope
from config.bench.bank import AT, plant
from config.bench.harness import Comparison, Figures, Report, Target
from config.bench.machine import BackendClock, machine
from config.bench.scratch import scratch_database

HEADINGS = ("客户号", "手机号", "机构号", "年龄", "职业", "标签")
COLUMNS = Columns(("customer_number", "phone", "branch", "attribute:age", "attribute:job", "tags"))
JOBS = ("teacher", "clerk", "farmer", "nurse", "driver")
TAGS = ("bench-a", "bench-b", "bench-c", "bench-d")
# Ours may take so many times as long as the other: 0.9 of its rows a second.
LIMIT = 1 / 0.9

_STAGES = """
DROP TABLE IF EXISTS b_made, b_names, b_tags;
CREATE TEMPORARY TABLE b_made (id uuid, branch_id int, branch_pos int, tail text, attributes jsonb, wrapped bytea)
    ON COMMIT DROP;
CREATE TEMPORARY TABLE b_names (id uuid, customer_id uuid, branch_id int, branch_pos int, kind text, lookup bytea,
    value bytea) ON COMMIT DROP;
CREATE TEMPORARY TABLE b_tags (customer_id uuid, branch_id int, branch_pos int, tag_id int) ON COMMIT DROP;
"""
_UPSERTS = (
    """INSERT INTO customers_customer (id, branch_id, branch_pos, number_tail, attributes, source, joined_at,
                                       is_personalised, status)
       SELECT id, branch_id, branch_pos, tail, attributes, 'peer', %(at)s, true, 'active' FROM b_made
       ON CONFLICT (id) DO UPDATE SET attributes = excluded.attributes""",
    """INSERT INTO customers_customerkey (customer_id, branch_id, branch_pos, wrapped)
       SELECT id, branch_id, branch_pos, wrapped FROM b_made ON CONFLICT (customer_id) DO NOTHING""",
    """INSERT INTO customers_identity (id, customer_id, branch_id, branch_pos, kind, app, lookup, value, source,
                                       verified_at)
       SELECT id, customer_id, branch_id, branch_pos, kind, '', lookup, value, 'peer', %(at)s FROM b_names
       ON CONFLICT (kind, lookup) WHERE state = 'verified' DO NOTHING""",
    """INSERT INTO customers_tagging (customer_id, branch_id, branch_pos, tag_id, since, until, source, ended_by)
       SELECT customer_id, branch_id, branch_pos, tag_id, %(at)s, %(forever)s, 'peer', '' FROM b_tags
       ON CONFLICT (customer_id, tag_id, until) DO NOTHING""",
)
_DIFFERS = """
SELECT count(*) FROM b_rows r
 WHERE NOT EXISTS (
    SELECT FROM customers_identity i JOIN customers_customer c ON c.id = i.customer_id
      JOIN customers_profile p ON p.customer_id = c.id
     WHERE i.kind = 'customer_number' AND i.lookup = r.number AND i.state = 'verified'
       AND c.attributes @> r.attributes AND p.tag_ids @> r.tags)
    OR NOT EXISTS (
    SELECT FROM customers_identity i WHERE i.kind = 'phone' AND i.lookup = r.phone AND i.state = 'verified')
"""


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure new rows and unchanged rows in turns, and the memory of a large file beside a small one's."""
    return measure(rows=100_000, rounds=4, large=200_000, say=say) if quick else measure(say=say)


def measure(
    *,
    rows: int = 1_000_000,
    rounds: int = 5,
    large: int = 2_000_000,
    migrated: str = "",
    say: Callable[[str], None],
) -> Report:
    """The bench at a size: `rows` customers on each side in `rounds` files, and a file of `large` rows."""
    with ExitStack() as stack:
        stack.enter_context(settled_memory())
        stack.enter_context(
            scratch_database("fenhang_bench_import", rooms=("audit", "jobs", "customers"), like=migrated)
        )
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-import-")))
        media, settings.MEDIA_ROOT = settings.MEDIA_ROOT, folder / "media"
        stack.callback(setattr, settings, "MEDIA_ROOT", media)
        homes, tags = _plant()
        many = rows // rounds
        new: dict[str, list[tuple[float, float]]] = {"one upsert": [], "ours": []}
        same: dict[str, list[tuple[float, float]]] = {"anti-join": [], "ours": []}
        memory = {"before_mb": _peak()}
        for turn in range(rounds):
            ours = _write(folder / "ours.csv", turn * many, many, "1", homes)
            peer = _write(folder / "peer.csv", turn * many, many, "2", homes)
            sides: list[tuple[str, Callable[[], object]]] = [
                ("one upsert", partial(_upsert, peer, homes, tags)),
                ("ours", partial(_import, ours)),
            ]
            for name, work in sides if turn % 2 else reversed(sides):
                new[name].append(_timed(work))
            _settle()
            again: list[tuple[str, Callable[[], object]]] = [
                ("anti-join", partial(_anti_join, ours, tags)),
                ("ours", partial(_judge, ours)),
            ]
            for name, work in again if turn % 2 else reversed(again):
                same[name].append(_timed(work))
            memory.setdefault("one_file_mb", _peak())
            say(
                f"file {turn + 1} of {rounds}: new {many / new['ours'][-1][0]:,.0f}/s beside"
                f" {many / new['one upsert'][-1][0]:,.0f}/s, unchanged {many / same['ours'][-1][0]:,.0f}/s beside"
                f" {many / same['anti-join'][-1][0]:,.0f}/s"
            )
        memory["all_files_mb"] = _peak()
        say(f"judging a file of {large:,} rows for its memory")
        _judge(_write(folder / "large.csv", 10 * rows, large, "3", homes))
        memory["large_file_mb"] = _peak()
        report = Report(
            name="import",
            machine=machine(),
            parameters={
                "rows": rows, "rounds": rounds, "rows_of_a_file": many, "large": large, "peak_memory": memory
            },
        )  # fmt: skip
        report.comparisons = [
            _compared("new rows", "one upsert", new, many),
            _compared("unchanged rows", "anti-join", same, many),
        ]
        report.targets = [
            Target("new rows", "ours", LIMIT, "wall"),
            Target("unchanged rows", "ours", LIMIT, "wall"),
        ]
        return report


def _plant() -> tuple[dict[str, tuple[int, int]], dict[str, int]]:
    plant(200)
    with system_scope(at=AT, cause="bench"):
        places = Branch.objects.filter(level__in=["branch", "outlet"], children__isnull=True)
        homes = {code: (pk, pos) for code, pk, pos in places.values_list("code", "pk", "pos")[:100]}
        for code, kind in (("age", "number"), ("job", "text")):
            Attribute.objects.create(code=code, name=code, kind=kind)
        owner = Branch.objects.get(parent__isnull=True)
        category = TagCategory.objects.create(code="bench", name="bench", owner=owner)
        tags = {
            code: Tag.objects.create(code=code, category=category, name=code, kind="imported").pk
            for code in TAGS
        }
    return homes, tags


def _write(path: Path, start: int, many: int, mark: str, homes: dict[str, Any]) -> Path:
    codes = sorted(homes)
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(HEADINGS)
        for n in range(start, start + many):
            tags = f"{TAGS[n % 4]};{TAGS[(n + 1) % 4]}"
            phone = f"1{3 + int(mark)}{n:09d}"
            lines.writerow([f"{mark}{n:011d}", phone, codes[n % len(codes)], 18 + n % 70, JOBS[n % 5], tags])
    return path


def _take(path: Path) -> CustomerFile:
    with path.open("rb") as file, system_scope(at=AT, cause="bench") as scope:
        taken = imports.take_file(scope=scope, file=file, name=path.name, source="bench")
        imports.choose_columns(scope=scope, file_id=taken.pk, columns=COLUMNS)
    return taken


def _judge(path: Path) -> CustomerFile:
    taken = _take(path)
    with system_scope(at=AT, cause="bench") as scope:
        judged = import_runs.judge_file(scope=scope, file_id=taken.pk)
    if judged.counts["refused"]:
        raise AssertionError(f"rows were refused: {judged.counts}")
    return judged


def _import(path: Path) -> None:
    file, is_over = _judge(path), False
    with system_scope(at=AT, cause="bench") as scope:
        imports.start_alone(scope=scope, file_id=file.pk)
    while not is_over:
        with system_scope(at=AT, cause="bench") as scope:
            is_over = import_runs.apply_next(scope=scope, file_id=file.pk).is_over


def _rows(file: IO[str]) -> Any:
    rows = csv.reader(file)
    next(rows)
    return rows


def _upsert(path: Path, homes: dict[str, tuple[int, int]], tags: dict[str, int]) -> None:
    with system_scope(at=AT, cause="bench"), connection.cursor() as cursor, ExitStack() as stack:
        cursor.execute(_STAGES)
        found = lookups()
        made, names, tagged = (
            stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8")) for _stage in range(3)
        )
        with path.open(encoding="utf-8", newline="") as file:
            for number, phone, code, age, job, said in _rows(file):
                customer_id, key = new_id(), crypto.new_key()
                home = f"{homes[code][0]}\t{homes[code][1]}"
                attributes = orjson.dumps({"age": int(age), "job": job}).decode()
                wrapped = crypto.wrap_key(key, person=customer_id)
                made.write(f"{customer_id}\t{home}\t{tail_of(number)}\t{attributes}\t\\\\x{wrapped.hex()}\n")
                seal = crypto.sealer(key)
                for kind, value in (("customer_number", number), ("phone", f"+86{phone}")):
                    identity_id = new_id()
                    place = place_of_value(customer_id=customer_id, identity_id=identity_id)
                    lookup = found(kind, value, "")
                    names.write(
                        f"{identity_id}\t{customer_id}\t{home}\t{kind}\t\\\\x{lookup.hex()}"
                        f"\t\\\\x{seal(value, place).hex()}\n"
                    )
                for tag in said.split(";"):
                    tagged.write(f"{customer_id}\t{home}\t{tags[tag]}\n")
        for stage, lines in (("b_made", made), ("b_names", names), ("b_tags", tagged)):
            lines.seek(0)
            with cursor.copy(f"COPY {stage} FROM STDIN") as copy:
                while piece := lines.read(1 << 18):
                    copy.write(piece.encode())
        for statement in _UPSERTS:
            cursor.execute(statement, {"at": AT, "forever": FOREVER})


def _anti_join(path: Path, tags: dict[str, int]) -> None:
    with system_scope(at=AT, cause="bench"), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS b_rows")
        cursor.execute(
            "CREATE TEMPORARY TABLE b_rows (number bytea, phone bytea, attributes jsonb, tags int[]) ON COMMIT DROP"
        )
        with (
            path.open(encoding="utf-8", newline="") as file,
            cursor.copy("COPY b_rows FROM STDIN") as copy,
        ):
            found = lookups()
            for number, phone, _code, age, job, said in _rows(file):
                by_number = found("customer_number", number, "")
                by_phone = found("phone", f"+86{phone}", "")
                attributes = orjson.dumps({"age": int(age), "job": job}).decode()
                held = ",".join(str(tags[tag]) for tag in said.split(";"))
                copy.write(f"\\\\x{by_number.hex()}\t\\\\x{by_phone.hex()}\t{attributes}\t{{{held}}}\n")
        cursor.execute("ANALYZE b_rows")
        cursor.execute(_DIFFERS)
        if cursor.fetchone()[0]:
            raise AssertionError("the anti-join finds a difference")


def _settle() -> None:
    """Statistics as they are when autovacuum has passed; on both sides, and in nobody's time."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "ANALYZE customers_customer, customers_identity, customers_profile, customers_customerkey"
        )


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and processor seconds of application and database together (0: not measurable)."""
    clock = BackendClock()
    before, cpu, began = clock.seconds(), time.process_time(), time.perf_counter()
    work()
    wall, spent, after = time.perf_counter() - began, time.process_time() - cpu, clock.seconds()
    return wall, 0.0 if before is None or after is None else spent + after - before


def _peak() -> int:
    """The most memory this process has held so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _compared(case: str, base: str, seconds: dict[str, list[tuple[float, float]]], rows: int) -> Comparison:
    walls = {name: [wall for wall, _cpu in each] for name, each in seconds.items()}
    figures = {
        name: Figures(
            per_second=rows * len(each) / sum(each),
            p50_ms=statistics.median(each) * 1e3,
            p99_ms=max(each) * 1e3,
            cpu_us=statistics.median(cpu for _wall, cpu in seconds[name]) / rows * 1e6,
            cpu_app_us=0.0,
            cpu_database_us=None,
            spread=(max(each) - min(each)) / statistics.median(each),
            items=rows * len(each),
        )
        for name, each in walls.items()
    }
    pairs = list(zip(seconds["ours"], seconds[base], strict=True))
    wall = statistics.median(ours[0] / other[0] for ours, other in pairs)
    known = [ours[1] / other[1] for ours, other in pairs if other[1]]
    ratios: dict[str, dict[str, float | None]] = {
        "ours": {"wall": round(wall, 3), "cpu": round(statistics.median(known), 3) if known else None}
    }
    return Comparison(case, base, figures, ratios)
