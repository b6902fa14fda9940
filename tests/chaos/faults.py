"""What can happen to a bank's parts. Each fault hits every process of a part, or one of them."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import redis

from config.embedded import leash
from tests.chaos.proxy import LossyRelay
from tests.support.running import PARTS, Bank

LOSES = 0.3  # of commits while the relay is lossy
LOSSY_FOR = 1.0  # seconds


@dataclass
class Struck:
    """One fault, and how long what it hit was away (seconds)."""

    fault: str
    at: float
    part_back: float | None = None


@dataclass
class Faults:
    """Strikes the bank below `var`."""

    var: Path
    relay: LossyRelay
    redis_url: str
    owner_url: str
    works: dict[str, Callable[[], bool]]  # part -> does it do its work?
    seed: int = 1
    struck: list[Struck] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.luck = random.Random(self.seed)
        self.kinds: dict[str, Callable[[], Iterable[str]]] = {
            **{f"SIGKILL {part}": self._signal(part, signal.SIGKILL) for part in PARTS},
            **{f"SIGKILL one process of {part}": self._one(part) for part in ("web", "worker", "outbox")},
            **{f"SIGSTOP {part}": self._signal(part, signal.SIGSTOP) for part in PARTS if part != "postgres"},
            "pg_ctl stop -m immediate": self._stop_immediately,
            "FLUSHALL": self._flush,
            "replies lost after COMMIT": self._lose_replies,
        }

    def strike(self, fault: str, *, patience: float = 30.0) -> Struck:
        """Do it, and wait until every part that it hit does its work again."""
        hit = Struck(fault, time.time())
        self.struck.append(hit)
        parts = list(self.kinds[fault]())
        began = time.monotonic()
        waiting = set(parts)
        while waiting and time.monotonic() - began < patience:
            waiting -= {part for part in waiting if self._is_back(part, hit.at) and self.works[part]()}
            if not waiting:
                break
            time.sleep(0.05)
        if not waiting:
            hit.part_back = time.monotonic() - began
        return hit

    # --- the faults; each returns the parts that have to come back ---

    def _signal(self, part: str, number: int) -> Callable[[], Iterable[str]]:
        def strike() -> Iterable[str]:
            for pid in self.processes(part):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            return [part]

        return strike

    def _one(self, part: str) -> Callable[[], Iterable[str]]:
        def strike() -> Iterable[str]:
            children = self.processes(part)[1:]
            if children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.luck.choice(children), signal.SIGKILL)
            return []

        return strike

    def _stop_immediately(self) -> Iterable[str]:
        pids = self.processes("postgres")
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids[0], signal.SIGQUIT)  # what pg_ctl sends for "immediate"
        return ["postgres"]

    def _flush(self) -> Iterable[str]:
        with contextlib.suppress(redis.RedisError):
            redis.Redis.from_url(self.redis_url, socket_timeout=2).flushall()
        return []

    def _lose_replies(self) -> Iterable[str]:
        self.relay.loses = LOSES
        time.sleep(LOSSY_FOR)
        self.relay.loses = 0.0
        return []

    # --- what runs ---

    def processes(self, part: str) -> list[int]:
        """The part's first process, then its children; empty while it is away. Its leash is left alone."""
        first = Bank(self.var).main_of(part)
        return [first, *(pid for pid in leash.descendants(first) if pid != first)] if first else []

    def _is_back(self, part: str, since: float) -> bool:
        """Whether the part runs, and did not stand before `since`."""
        pids = self.processes(part)
        return bool(pids) and _started(pids[0]) >= since - 0.05


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
        return httpx.get(url, timeout=2).is_success
    except httpx.HTTPError:
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
