"""What the outbox costs over the calls themselves.

The same calls to the same receiver by the same client, with as many threads: from the outbox, with all that it writes
down before and after; and from a bare loop that knows its messages by heart. They take turns in short slices, and what
is compared is messages a second within a round.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import orjson
from django.conf import settings
from django.db import connections
from django.test import override_settings

from campaigns.jobs.adapters import adapters
from campaigns.jobs.services.delivery import deliver_due
from campaigns.jobs.services.outbox import Note, put_many
from campaigns.lib.clock import now
from campaigns.lib.hooks import call_hook
from campaigns.lib.ids import new_id
from campaigns.lib.outward import Limits, close_clients
from campaigns.tenants.scopes import system_scope
from config.bench.bank import plant
from config.bench.harness import Comparison, Figures, Report, Target
from config.bench.machine import machine
from config.bench.scratch import scratch_database

# At least so much of the bare loop's messages a second.
SHARE = 0.8
_SECRET = "bench"  # noqa: S105 - of nobody
ACCOUNT = "bench"


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Deliveries a second beside a bare loop, to a receiver that answers at once and to one that takes 10 ms."""
    return measure(messages=1000, rounds=5, waiting=5000, say=say) if quick else measure(say=say)


def measure(
    *,
    messages: int = 1_500,
    rounds: int = 9,
    waiting: int = 100_000,
    threads: int = 8,
    delays: tuple[float, ...] = (0.0, 0.01),
    migrated: str = "",
    say: Callable[[str], None],
) -> Report:
    """The bench at a size: `messages` a slice, while `waiting` others wait for another day."""
    rooms = ("tenants", "audit", "jobs")
    with scratch_database("fenhang_bench_outbox", rooms=rooms, like=migrated):
        report = Report(
            "outbox",
            machine(),
            {
                "messages": messages,
                "rounds": rounds,
                "waiting": waiting,
                "threads": threads,
                "order": "strict",
            },
        )
        plant(40)
        say(f"putting {waiting} messages that wait")
        report.parameters["put_per_second"] = _fill(waiting)
        for delay in delays:
            case = f"a receiver that takes {delay * 1000:g} ms"
            say(case)
            with _receiver(delay) as url:
                report.comparisons.append(_compared(case, url, messages, rounds, threads))
            report.targets.append(Target(case, "outbox", round(1 / SHARE, 3), "per_message"))
    return report


def _fill(waiting: int) -> int:
    began = time.perf_counter()
    for first in range(0, waiting, 10_000):
        _put(min(10_000, waiting - first), account="another", days=1)
    took = time.perf_counter() - began
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE jobs_message")
    return round(waiting / took)


def _put(many: int, *, account: str = ACCOUNT, days: int = 0) -> list[tuple[str, bytes]]:
    """So many messages about as many things; their keys and bodies, for who knows them by heart."""
    at = now()
    notes = []
    for _n in range(many):
        thing = new_id()
        notes.append(Note(f"rewards.coupon:{thing}", str(thing), {"coupon": str(thing), "state": "claimed"}))
    with system_scope(at=at, cause="bench") as scope:
        due = at.replace(year=at.year + days) if days else None
        put_many(scope=scope, adapter="http.hook", notes=notes, account=account, at=due)
    return [(note.key, orjson.dumps(note.body, option=orjson.OPT_SORT_KEYS)) for note in notes]


def _compared(case: str, url: str, messages: int, rounds: int, threads: int) -> Comparison:
    hook = adapters()["http.hook"]
    terms = replace(hook.terms, at_once=threads)
    ways = {"http.hook": replace(hook, terms=terms)}
    limits = Limits(terms.connect, terms.read, terms.whole)

    def outbox() -> float:
        _put(messages)
        began = time.perf_counter()
        done = deliver_due(clock=now, adapters=ways)
        took = time.perf_counter() - began
        if done.sent != messages:
            raise AssertionError(f"{done} of {messages}")
        return took

    def bare() -> float:
        known = _put(messages, account="another", days=1)

        def tell(message: tuple[str, bytes]) -> int:
            key, body = message
            return call_hook(url=url, secret=_SECRET, key=key, body=body, at=now(), limits=limits).status

        began = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            if set(pool.map(tell, known)) != {200}:
                raise AssertionError("the receiver refused")
        return time.perf_counter() - began

    with override_settings(HOOKS={ACCOUNT: {"url": url, "secret": _SECRET}}):
        bare(), outbox()  # connections and plans warm, uncounted
        taken: dict[str, list[float]] = {"bare loop": [], "outbox": []}
        for turn in range(rounds):
            order = [("bare loop", bare), ("outbox", outbox)]
            for name, act in order if turn % 2 else reversed(order):
                taken[name].append(act())
    close_clients()
    ratio = statistics.median(o / b for b, o in zip(taken["bare loop"], taken["outbox"], strict=True))
    figures = {name: _figures(times, messages) for name, times in taken.items()}
    ratios: dict[str, float | None] = {"per_message": round(ratio, 3), "share": round(1 / ratio, 3)}
    return Comparison(case, "bare loop", figures, {"outbox": ratios})


def _figures(times: list[float], messages: int) -> Figures:
    each = sorted(took / messages for took in times)
    return Figures(
        per_second=1 / statistics.median(each),
        p50_ms=statistics.median(each) * 1e3,
        p99_ms=each[-1] * 1e3,
        cpu_us=None,
        cpu_app_us=0.0,
        cpu_database_us=None,
        spread=(each[-1] - each[0]) / statistics.median(each),
        items=len(times) * messages,
    )


@contextmanager
def _receiver(seconds: float) -> Iterator[str]:
    command = [sys.executable, "-m", "config.bench.receiving", str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=settings.BASE_DIR, text=True) as server:  # noqa: S603
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/told"
        finally:
            server.kill()
