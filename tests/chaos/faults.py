"""What can happen to a bank's parts. Each fault hits every process of a part, or one of them."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

import psycopg
import redis

from config.embedded import leash
from tests.chaos.proxy import LossyRelay
from tests.support.running import PARTS, Bank

LOSES = 0.3  # of commits while the relay is lossy
LOSSY_FOR = 1.0  # seconds


# What a part shows that it works by is other parts' work too: beat ticks, worker carries out, outbox sends.
_ON_ALL = {"postgres", "valkey", "beat", "worker"}
LIVES_ON = {
    "web": {"postgres", "valkey"},
    "worker": _ON_ALL,
    "outbox": _ON_ALL,
    "beat": _ON_ALL,
    "heavy": {"valkey"},
}

# Has a part that runs since then (seconds since 1970) done its work, too?
Works = Callable[[float], bool]


@dataclass
class Struck:
    """One fault, and how long what it hit was away (seconds).

    `alone`: the same since the last fault that hit the part itself or another that it lives on; in a storm of faults a
    part may be down again before it is up.
    """

    fault: str
    at: float
    part: str = ""
    back_after: float | None = None
    alone: float | None = None

    def __str__(self) -> str:
        return f"{self.fault}: {'not back' if self.back_after is None else f'{self.back_after:.1f} s'}"


@dataclass
class Faults:
    """Strikes the bank below `var`."""

    var: Path
    relay: LossyRelay
    redis_url: str
    works: dict[str, Works]
    seed: int = 1
    struck: list[Struck] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.luck = random.Random(self.seed)
        # Each strikes, and returns the parts that have to come back.
        self.kinds: dict[str, Callable[[], Sequence[str]]] = {
            **{f"SIGKILL {part}": self._signal(part, signal.SIGKILL) for part in PARTS},
            **{f"SIGKILL one process of {part}": self._one(part) for part in ("web", "worker", "outbox")},
            **{f"SIGSTOP {part}": self._signal(part, signal.SIGSTOP) for part in PARTS if part != "postgres"},
            "pg_ctl stop -m immediate": self._stop_immediately,
            "FLUSHALL": self._flush,
            "replies lost after COMMIT": self._lose_replies,
        }

    def strike(self, fault: str, *, patience: float = 30.0) -> Struck:
        """Do it, and wait until every part that it hit does its work again."""
        hit = Struck(fault, time.time(), self.part_of(fault))
        self.struck.append(hit)
        many = {part: len(self.processes(part)) for part in PARTS if part in fault}
        waiting = set(self.kinds[fault]())
        while waiting and time.time() - hit.at < patience:
            time.sleep(0.2)  # looking costs time that is the bank's
            waiting = {part for part in waiting if not self._is_back(part, hit.at, many.get(part, 1))}
        if not waiting:
            back = time.time()
            hit.back_after = back - hit.at
            parts = {hit.part, *LIVES_ON.get(hit.part, ())}
            hit.alone = back - max(
                other.at for other in self.struck if other.part in parts and other.at < back
            )
        return hit

    def storm(self, *, seconds: float, at_least: int) -> Iterator[Struck]:
        """Strike on and on, at an even pace, whatever is still away; only what has not come back is left alone.

        Yields each fault when what it hit is back.
        """
        ends, pause, many = time.monotonic() + seconds, seconds / (at_least * 1.05), 0
        under_way: dict[Future[Struck], str] = {}
        with ThreadPoolExecutor() as pool:
            while time.monotonic() < ends or many < at_least:
                free = [
                    fault for fault in sorted(self.kinds) if self.part_of(fault) not in under_way.values()
                ]
                if free:
                    fault = self.luck.choice(free)
                    under_way[pool.submit(self.strike, fault)] = self.part_of(fault)
                    many += 1
                time.sleep(pause)
                for done in [each for each in under_way if each.done()]:
                    del under_way[done]
                    yield done.result()
            for done in as_completed(under_way):
                yield done.result()

    def part_of(self, fault: str) -> str:
        """The part that `fault` hits; its own name when it hits none."""
        return next(
            (part for part in PARTS if part in fault.split()), "postgres" if "pg_ctl" in fault else fault
        )

    # --- the faults ---

    def _signal(self, part: str, number: int) -> Callable[[], Sequence[str]]:
        def strike() -> Sequence[str]:
            for pid in self.processes(part):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            return [part]

        return strike

    def _one(self, part: str) -> Callable[[], Sequence[str]]:
        def strike() -> Sequence[str]:
            children = self.processes(part)[1:]
            if not children:
                return []
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.luck.choice(children), signal.SIGKILL)
            return [part]

        return strike

    def _stop_immediately(self) -> Sequence[str]:
        pids = self.processes("postgres")
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids[0], signal.SIGQUIT)  # what pg_ctl sends for "immediate"
        return ["postgres"]

    def _flush(self) -> Sequence[str]:
        """Every queue and every sign of life is gone at once."""
        with contextlib.suppress(redis.RedisError):
            redis.Redis.from_url(self.redis_url, socket_timeout=2).flushall()
        return []

    def _lose_replies(self) -> Sequence[str]:
        self.relay.loses = LOSES
        time.sleep(LOSSY_FOR)
        self.relay.loses = 0.0
        return []

    # --- what runs ---

    def processes(self, part: str) -> list[int]:
        """The part's first process, then its children; empty while it is away. Its leash is left alone."""
        first = Bank(self.var).main_of(part)
        return [first, *(pid for pid in leash.descendants(first) if pid != first)] if first else []

    def _is_back(self, part: str, since: float, many: int) -> bool:
        """Whether a process of the part began after `since`, there are as many as before, and it works again."""
        pids = self.processes(part)
        began = max(map(_started, pids), default=0.0)
        enough = part == "postgres" or len(pids) >= many  # its processes are its clients' connections
        return bool(pids) and began >= since - 0.05 and enough and self.works[part](began)


def _started(pid: int) -> float:
    """When a process began, as seconds since 1970; 0.0 when it is gone."""
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, IndexError):
        return 0.0
    boot = time.time() - float(Path("/proc/uptime").read_text().split()[0])
    return boot + ticks / os.sysconf("SC_CLK_TCK")


def answers(url: str) -> bool:
    """Whether a page of the site is served."""
    try:
        with urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException):
        return False


def database_answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


def valkey_answers(url: str) -> bool:
    try:
        return bool(redis.Redis.from_url(url, socket_timeout=1).ping())
    except redis.RedisError:
        return False
