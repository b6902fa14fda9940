"""What taking events costs: over HTTP beside a view that only parses and answers, and in bulk beside a bare COPY.

Over HTTP both views are served by the same processes and threads to the same clients, in turns of a second or so, and
what is compared is events a second within a round. In bulk the same rows go through the verb into the partitions, and
by COPY into a twin of them: the same columns, keys and indexes, without policies, under which COPY is refused.
"""

import http.client
import random
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import connections, transaction

from campaigns.events.registry import kinds
from campaigns.events.rules import Horizon, Told, judged
from campaigns.events.services.drops import PART
from campaigns.events.services.events import write_rows
from campaigns.lib.clock import now
from campaigns.lib.http import tokens
from campaigns.lib.ids import new_id
from config.bench import serving
from config.bench.bank import customers_at, plant
from config.bench.harness import Comparison, Report, Target
from config.bench.machine import machine
from config.bench.scratch import scratch_database

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
        with (
            serving.site(_DATABASE, "config.bench.events_site") if batches else nullcontext((0, 0)) as (
                port,
                pid,
            )
        ):
            for batch in batches:
                case = f"{batch} events a request, {clients} clients"
                say(case)
                many = max(clients * 2, requests // max(1, batch // _BATCH))
                report.comparisons.append(_over_http(case, port, people, batch, many, rounds, clients, pid))
                if batch == _BATCH:
                    report.targets.append(Target(case, "events", round(1 / SHARE_HTTP, 3), "per_event"))
        case = "rows into the partitions"
        say(case)
        report.comparisons.append(_in_bulk(case, people, lots, rounds))
        report.targets.append(Target(case, "verb", round(1 / SHARE_BULK, 3), "per_event"))
    return report


def _customers(many: int) -> list[tuple[UUID, int, int]]:
    """So many customers of one branch: id, branch, position."""
    made = customers_at(plant(40)["branch"], many)
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
    pid: int,
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

    return serving.in_turns(
        case,
        {"parses": lambda: told("parses"), "events": lambda: told("events")},
        rounds=rounds,
        items=(requests // clients) * clients * batch,
        unit="event",
        site=pid,
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

    return serving.in_turns(
        case, {"COPY": by_copy, "verb": by_verb}, rounds=rounds, items=lots * PART, unit="event"
    )
