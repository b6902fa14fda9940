"""A rush on the hour: ten thousand things due at the same moment among a million that wait, and what adding one costs.

The rush is done by worker processes of their own, two as in production, which ask each second; its times are read from
the rows and from outside. Adding is measured at both sizes in turn, in two databases that differ in nothing else.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from campaigns.jobs.services.due import lay
from campaigns.lib.clock import now
from campaigns.lib.ids import new_id
from campaigns.tenants.scopes import system_scope
from config.bench.bank import plant as plant_bank
from config.bench.harness import Comparison, Figures, Report, Target, Variant, compare
from config.bench.machine import machine
from config.bench.rush import KIND, plant
from config.bench.scratch import scratch_database, speak_to

MANY, FEW = "fenhang_bench_schedule", "fenhang_bench_schedule_few"
CLAIMED_MS, LATE_MS, SAME = 10_000.0, 5_000.0, 1.2
CASE, ADDING = "due at the same moment", "adding one"


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """A million future rows in 1,000 branches, ten thousand of them due at once."""
    if quick:
        return measure(branches=120, rows=20_000, few=500, due=500, rounds=3, say=say)
    return measure(say=say)


def measure(
    *,
    branches: int = 1_000,
    rows: int = 1_000_000,
    few: int = 1_000,
    due: int = 10_000,
    workers: int = 2,
    rounds: int = 20,
    seconds: float = 20,
    migrated: str = "",
    say: Callable[[str], None],
) -> Report:
    """The bench at a size; the workers have `seconds` for the rush."""
    rooms = tuple(sorted(MigrationLoader(None).migrated_apps))
    with scratch_database(FEW, rooms=rooms, like=migrated):
        report = Report(
            "schedule",
            machine(),
            {"branches": branches, "rows": rows, "few": few, "due": due, "workers": workers},
        )
        plant_bank(branches)
        speak_to(FEW)  # nobody is connected to it while it is copied
        with scratch_database(MANY, rooms=rooms, like=FEW):
            say(f"planting {rows} future rows")
            tomorrow = now() + timedelta(days=1)
            plant(rows, first=tomorrow, spread=5)
            speak_to(FEW)
            plant(few, first=tomorrow, spread=5)
            say("adding one")
            report.comparisons.append(_adding(few, rows, rounds))
            speak_to(MANY)
            say(f"{due} due at the same moment, {workers} workers")
            report.comparisons.append(_rush(report, due, workers, seconds))
    many = f"at {rows}"
    report.targets = [
        Target(CASE, "last claimed", CLAIMED_MS, "p99_ms"),
        Target(CASE, "done", LATE_MS, "p99_ms"),
        Target(ADDING, many, SAME),
        Target(ADDING, many, SAME, "p50"),
    ]
    return report


def _adding(few: int, rows: int, rounds: int) -> Comparison:
    """One row in a transaction of its own, through the service; at both sizes in turn."""

    def add(_n: int) -> None:
        at = now()
        with system_scope(at=at, cause="bench") as scope:
            lay(scope=scope, kind=KIND, subject=f"bench.thing:{new_id()}", at=at + timedelta(days=30))

    home = connections["default"]
    sizes = {f"at {few}": _connected_to(FEW), f"at {rows}": _connected_to(MANY)}

    def at_size(name: str) -> Variant:
        def enter() -> None:
            connections["default"] = sizes[name]

        return Variant(name, add, before=enter)

    try:
        return compare(ADDING, [at_size(name) for name in sizes], rounds=rounds, items=50)
    finally:
        for each in sizes.values():
            each.close()
        connections["default"] = home


def _connected_to(database: str) -> Any:
    """A connection of its own: both sizes are at hand, and each has its own process in the database."""
    made: Any = connections["default"].copy()
    made.settings_dict["NAME"] = database
    return made


def _rush(report: Report, due: int, workers: int, seconds: float) -> Comparison:
    """Plant the rush, let the workers go, and watch from outside what is done."""
    with _workers(workers) as processes:
        at = now() + timedelta(seconds=3)
        plant(due, first=at, spread=0)
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(f"{seconds + 3}\n")
            process.stdin.flush()
        seen = _watch(due, at.timestamp(), seconds)
        ends = [
            json.loads(process.communicate(timeout=seconds + 60)[0].splitlines()[-1]) for process in processes
        ]
    report.parameters["each_worker"] = ends
    assert sum(end["done"] for end in ends) == due, "some were not done"
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM claimed_at - run_at)::float FROM jobs_due WHERE run_at = %s", [at]
        )
        claimed = sorted(row[0] for row in cursor.fetchall())
        cursor.execute("SELECT count(*) FROM audit_entry WHERE verb = 'bench.due.done'")
        assert cursor.fetchone() == (due,), "an effect is missing or doubled"
    took = max(seen) if seen else 0.0
    figures = {
        "claimed": _figures(claimed, took, due),
        "last claimed": _figures(claimed[-1:], took, due),
        "done": _figures(seen, took, due),
    }
    return Comparison(CASE, "claimed", figures, {})


@contextmanager
def _workers(many: int) -> Iterator[list["subprocess.Popen[str]"]]:
    """Worker processes on the same database, ready and waiting; gone at the end."""
    command = [sys.executable, "-m", "config.bench.schedule_worker", MANY]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    given: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes: list[subprocess.Popen[str]] = []
    try:
        processes += [
            subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, **given)  # noqa: S603 - our own module
            for _n in range(many)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", "a worker did not start"
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _watch(due: int, since: float, seconds: float) -> list[float]:
    """For each row that was done, after how many seconds it was seen to be; never earlier than it was."""
    seen: list[float] = []
    with connections["owner"].cursor() as cursor:
        while len(seen) < due and time.time() < since + seconds:
            time.sleep(0.1)
            cursor.execute("SELECT count(*) FROM jobs_due WHERE state = 'done' AND ended_at IS NOT NULL")
            done = cursor.fetchone()[0]
            seen += [max(time.time() - since, 0.0)] * (done - len(seen))
    return seen


def _figures(times: list[float], took: float, items: int) -> Figures:
    ordered = sorted(times) or [float("inf")]
    return Figures(
        per_second=items / took if took else 0.0,
        p50_ms=ordered[len(ordered) // 2] * 1e3,
        p99_ms=ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1e3,
        cpu_us=None,
        cpu_app_us=0.0,
        cpu_database_us=None,
        spread=0.0,
        items=len(times),
    )
