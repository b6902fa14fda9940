"""What taking events costs: over HTTP beside a view that only parses and answers, and in bulk beside a bare COPY.

Over HTTP both views are served by the same processes and threads to the same clients, in turns of a second or so, and
what is compared is events a second within a round. In bulk the same rows go through the verb into the partitions, and
by COPY into a twin of them: the same columns, keys and indexes, without policies, under which COPY is refused.
"""

import http.client
import os
import random
import signal
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connections, transaction

from campaigns.customers.services.customers import add_customer
from campaigns.events.registry import kinds
from campaigns.events.rules import Horizon, Told, judged
from campaigns.events.services.drops import PART
from campaigns.events.services.events import write_rows
from campaigns.lib.clock import now
from campaigns.lib.http import tokens
from campaigns.lib.ids import new_id
from campaigns.tenants.scopes import system_scope
from config.bench.bank import plant
from config.bench.harness import Comparison, Figures, Report, Target
from config.bench.machine import machine
from config.bench.scratch import scratch_database
from config.running import programs

# At least so much of the events a second of a view that only parses, and of the rows a second of a COPY.
SHARE_HTTP, SHARE_BULK = 0.7, 0.5
_DATABASE = "fenhang_bench_events"
_BATCH = 20  # events that a phone gathers before it calls

_TWIN = """
CREATE TABLE events_twin (LIKE events_event INCLUDING ALL) PARTITION BY RANGE (id);
DO $$ DECLARE part record; BEGIN
    FOR part IN SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) AS bound
                  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = 'events_event'::regclass LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF events_twin %s',
                       replace(part.relname, 'event_', 'twin_'), part.bound);
    END LOOP;
END $$;
"""
_COLUMNS = "id, customer_id, branch_id, branch_pos, kind, at, received_at, source, subject, properties"


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Events a second over HTTP, and rows a second in bulk, each beside its limit."""
    if quick:
        return measure(rounds=3, requests=60, lots=2, customers=200, say=say)
    return measure(say=say)


def measure(
    *,
    rounds: int = 15,
    requests: int = 600,
    clients: int = 16,
    batches: Sequence[int] = (_BATCH, 1, 100),
    lots: int = 8,
    customers: int = 2_000,
    migrated: str = "",
    say: Callable[[str], None],
) -> Report:
    """The bench at a size: `requests` a slice (fewer of longer ones), `lots` of 5,000 rows a slice."""
    with scratch_database(_DATABASE, rooms=("events",), like=migrated):
        report = Report(
            "events",
            machine(),
            {"rounds": rounds, "requests": requests, "clients": clients, "lots": lots, "of": PART},
        )
        people = _customers(customers)
        with _site(_DATABASE) if batches else nullcontext((0, 0)) as (port, site):
            for batch in batches:
                case = f"{batch} events a request, {clients} clients"
                say(case)
                many = max(clients * 2, requests // max(1, batch // _BATCH))
                report.comparisons.append(_over_http(case, port, people, batch, many, rounds, clients, site))
                if batch == _BATCH:
                    report.targets.append(Target(case, "events", round(1 / SHARE_HTTP, 3), "per_event"))
        case = "rows into the partitions"
        say(case)
        report.comparisons.append(_in_bulk(case, people, lots, rounds))
        report.targets.append(Target(case, "verb", round(1 / SHARE_BULK, 3), "per_event"))
    return report


def _customers(many: int) -> list[tuple[UUID, int, int]]:
    """So many customers of one branch: id, branch, position."""
    branch = plant(40)["branch"]
    with system_scope(at=now(), cause="bench") as scope:
        made = [
            add_customer(
                scope=scope, branch_id=branch.pk, number=f"B-{n:08d}", unionid=f"u-{n}", source="bench"
            )
            for n in range(many)
        ]
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE customers_customer")  # as autovacuum would have by then
    return [(each.pk, each.branch_id, each.branch_pos) for each in made]


def _event() -> dict[str, Any]:
    """One of what a phone tells."""
    return {
        "id": str(new_id()),
        "kind": "content.viewed",
        "at": (now() - timedelta(seconds=3)).isoformat(),
        "subject": f"content.item:{new_id()}",
        "properties": {"seconds": random.randrange(200), "percent": random.randrange(101)},
    }


def _over_http(
    case: str,
    port: int,
    people: Sequence[tuple[UUID, int, int]],
    batch: int,
    requests: int,
    rounds: int,
    clients: int,
    site: int,
) -> Comparison:
    tokens_of = [tokens.issue(kind="customer", subject=str(p[0]), seconds=7200) for p in people[:clients]]

    def bodies() -> list[list[bytes]]:
        """Whole requests, made before the clock runs: what each client sends, one after the other."""
        return [
            [orjson.dumps({"events": [_event() for _ in range(batch)]}) for _ in range(requests // clients)]
            for _client in range(clients)
        ]

    def told(address: str) -> tuple[float, list[float]]:
        given = bodies()
        began = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            times = list(
                pool.map(
                    lambda each: _send(port, address, each[0], each[1], batch),
                    zip(tokens_of, given, strict=True),
                )
            )
        return time.perf_counter() - began, [t for each in times for t in each]

    return _compared(
        case,
        {"parses": lambda: told("parses"), "events": lambda: told("events")},
        rounds,
        (requests // clients) * clients * batch,
        site,
    )


def _send(port: int, address: str, token: str, bodies: Sequence[bytes], batch: int) -> list[float]:
    """One client: a connection that is kept, a request after the other; seconds of each."""
    head = (
        f"POST /api/v1/{address} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    ).encode()
    times = []
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for body in bodies:
            began = time.perf_counter()
            line.sendall(head + str(len(body)).encode() + b"\r\n\r\n" + body)
            answer = http.client.HTTPResponse(line, method="POST")
            answer.begin()
            content = answer.read()
            times.append(time.perf_counter() - began)
            if answer.status != 200 or len(orjson.loads(content)["taken"]) != batch:
                raise AssertionError(f"{answer.status}: {content[:500]!r}")
    return times


def _in_bulk(case: str, people: Sequence[tuple[UUID, int, int]], lots: int, rounds: int) -> Comparison:
    with connections["owner"].cursor() as cursor:
        cursor.execute(_TWIN)

    def rows() -> list[list[tuple[str, Told]]]:
        horizon = Horizon.of(now(), kinds())
        return [
            [
                (
                    str(random.choice(people)[0]),
                    judged(_event(), door="phone", kinds=kinds(), horizon=horizon),
                )
                for _ in range(PART)
            ]
            for _lot in range(lots)
        ]

    places = {str(key): (branch, pos) for key, branch, pos in people}

    def by_verb() -> tuple[float, list[float]]:
        given, times = rows(), []
        for lot in given:
            began = time.perf_counter()
            with transaction.atomic():
                written = write_rows(rows=lot, source="file:core", at=now())
            times.append(time.perf_counter() - began)
            if written.known or written.closed:
                raise AssertionError(written)
        return sum(times), times

    def by_copy() -> tuple[float, list[float]]:
        given, times, at = rows(), [], now().isoformat()
        for lot in given:
            lines = "".join(
                f"{e.id}\t{c}\t{places[c][0]}\t{places[c][1]}\t{e.kind}\t{e.at.isoformat()}\t{at}\tfile:core\t"
                f"{e.subject}\t{orjson.dumps(e.properties).decode()}\n"
                for c, e in lot
            ).encode()
            began = time.perf_counter()
            with (
                transaction.atomic(using="owner"),
                connections["owner"].cursor() as cursor,
                cursor.copy(f"COPY events_twin ({_COLUMNS}) FROM STDIN") as copy,
            ):
                copy.write(lines)
            times.append(time.perf_counter() - began)
        return sum(times), times

    return _compared(case, {"COPY": by_copy, "verb": by_verb}, rounds, lots * PART)


def _compared(
    case: str,
    ways: dict[str, Callable[[], tuple[float, list[float]]]],
    rounds: int,
    events: int,
    site: int = 0,
) -> Comparison:
    """The ways in turns, each first in every other round; the first of `ways` is the base.

    Beside the time by the clock, which others on the machine lengthen: the processor time of the serving side alone,
    the site (whose processes descend from `site`) and the database.
    """
    base, other = ways
    for way in ways.values():
        way()  # connections and plans warm, uncounted
    taken: dict[str, list[float]] = {name: [] for name in ways}
    each: dict[str, list[float]] = {name: [] for name in ways}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds):
        for name in (base, other) if turn % 2 else (other, base):
            before = _processor_seconds(site)
            seconds, times = ways[name]()
            spent[name].append(_processor_seconds(site) - before)
            taken[name].append(seconds)
            each[name] += times
    ratio = _median_ratio(taken[other], taken[base])
    cpu = _median_ratio(spent[other], spent[base])
    ratios: dict[str, float | None] = {
        "per_event": round(ratio, 3),
        "share": round(1 / ratio, 3),
        "cpu": round(cpu, 3),
        "cpu_share": round(1 / cpu, 3) if cpu else None,
    }
    return Comparison(
        case,
        base,
        {name: _figures(taken[name], each[name], spent[name], events) for name in ways},
        {other: ratios},
    )


def _median_ratio(some: Sequence[float], base: Sequence[float]) -> float:
    return statistics.median(s / b for s, b in zip(some, base, strict=True) if b) if any(base) else 0.0


def _processor_seconds(site: int) -> float:
    """So far, of the site's processes and of the database's, as far as they run on this machine."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(folder.name)], ticks[int(folder.name)] = int(words[1]), int(words[11]) + int(words[12])
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        roots = {site, parents.get(cursor.fetchone()[0], -1)} - {0, 1, -1}
    ours = set(roots)
    # Children come after their parents often enough; twice is always enough for two levels.
    for _level in range(3):
        ours |= {pid for pid, parent in parents.items() if parent in ours}
    return sum(ticks.get(pid, 0) for pid in ours) / os.sysconf("SC_CLK_TCK")


def _figures(slices: Sequence[float], times: Sequence[float], spent: Sequence[float], events: int) -> Figures:
    """Events a second by the median slice; the times are those of a request or a lot."""
    ordered = sorted(times)
    return Figures(
        per_second=events / statistics.median(slices),
        p50_ms=statistics.median(ordered) * 1e3,
        p99_ms=ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1e3,
        cpu_us=statistics.median(spent) / events * 1e6,
        cpu_app_us=0.0,
        cpu_database_us=None,
        spread=(max(slices) - min(slices)) / statistics.median(slices),
        items=events * len(slices),
    )


@contextmanager
def _site(database: str) -> Iterator[tuple[int, int]]:
    """The site as `up` serves it, on a port of its own: the port, and the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    web = programs.web("127.0.0.1", port, {})
    command = [*web.command[:-1], "config.bench.events_site:application"]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "FENHANG_BENCH_DATABASE": database,
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    with subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, start_new_session=True) as server:  # noqa: S603
        try:
            _wait(port, server)
            yield port, server.pid
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)


def _wait(port: int, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            line.request("GET", "/api/v1/parses")
            if line.getresponse().status in (401, 405):
                return
        except OSError:
            time.sleep(0.1)
        finally:
            line.close()
    raise RuntimeError("the site did not start")
