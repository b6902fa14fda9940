"""What benches over HTTP share: the site as it is served, on a port of its own; and ways of doing the same in turns."""

import http.client
import os
import signal
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connections

from config.bench.harness import Comparison, Figures
from config.running import programs

# Does the work once: seconds by the clock, and the seconds of each request or lot.
Way = Callable[[], tuple[float, list[float]]]


def in_turns(
    case: str, ways: Mapping[str, Way], *, rounds: int, items: int, unit: str, site: int = 0
) -> Comparison:
    """The ways in turns, each first as often as the others; the first of `ways` is the base.

    Beside the time by the clock, which others on the machine lengthen: the processor time of the serving side alone,
    the site (whose processes descend from `site`) and the database. Each way does `items` of `unit` in its turn.
    """
    base, *others = ways
    for way in ways.values():
        way()  # connections and plans warm, uncounted
    taken: dict[str, list[float]] = {name: [] for name in ways}
    each: dict[str, list[float]] = {name: [] for name in ways}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds):
        shift = turn % len(ways)
        for name in [*ways][shift:] + [*ways][:shift]:
            before = processor_seconds(site)
            seconds, times = ways[name]()
            spent[name].append(processor_seconds(site) - before)
            taken[name].append(seconds)
            each[name] += times
    ratios: dict[str, dict[str, float | None]] = {}
    for other in others:
        ratio = _median_ratio(taken[other], taken[base])
        cpu = _median_ratio(spent[other], spent[base])
        ratios[other] = {
            f"per_{unit}": round(ratio, 3),
            "share": round(1 / ratio, 3),
            "cpu": round(cpu, 3),
            "cpu_share": round(1 / cpu, 3) if cpu else None,
        }
    figures = {name: _figures(taken[name], each[name], spent[name], items) for name in ways}
    return Comparison(case, base, figures, ratios)


def _median_ratio(some: Sequence[float], base: Sequence[float]) -> float:
    return statistics.median(s / b for s, b in zip(some, base, strict=True) if b) if any(base) else 0.0


def processor_seconds(site: int) -> float:
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


def _figures(slices: Sequence[float], times: Sequence[float], spent: Sequence[float], items: int) -> Figures:
    """Items a second by the median slice; the times are those of a request or a lot."""
    ordered = sorted(times)
    return Figures(
        per_second=items / statistics.median(slices),
        p50_ms=statistics.median(ordered) * 1e3,
        p99_ms=ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1e3,
        cpu_us=statistics.median(spent) / items * 1e6,
        cpu_app_us=0.0,
        cpu_database_us=None,
        spread=(max(slices) - min(slices)) / statistics.median(slices),
        items=items * len(slices),
    )


@contextmanager
def site(database: str, module: str, *, threads: int = programs.WEB_THREADS) -> Iterator[tuple[int, int]]:
    """The site as `up` serves it, on a port of its own: the port, and the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    web = programs.web("127.0.0.1", port, {}, threads=threads)
    command = [*web.command[:-1], f"{module}:application"]
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
            line.request("GET", "/api/v1/ready")
            line.getresponse()  # any answer: it serves; the bench itself looks at what it answers
            return
        except OSError:
            time.sleep(0.1)
        finally:
            line.close()
    raise RuntimeError("the site did not start")
