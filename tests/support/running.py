"""A bank as `manage.py up` runs it, with its parts by name: to be hurt, and asked whether they work."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from kombu.exceptions import KombuError

from config.celery import app, broker_of
from config.embedded import leash
from tests.support.processes import alive, python, run, start, wait_until

# Words of a part's command line that no other part's has.
PARTS = {
    "web": "-m granian",
    "worker": "--queue prompt",
    "heavy": "--queue heavy",
    "outbox": "--queue outbox",
    "beat": "config.running.tasks beat",
    "valkey": "valkey.conf",
    "postgres": "/postgres -D",
}


@dataclass
class Bank:
    """Started by `begin`; `end` leaves nothing behind."""

    var: Path
    port: int = 0
    up: subprocess.Popen[bytes] | None = None
    _url: str = ""
    _asked: dict[tuple[str, float], dict[str, float]] = field(default_factory=dict, repr=False)
    _valkey: redis.Redis | None = field(default=None, repr=False)

    def begin(self, patience: float = 150) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.up = start(
            self.var, *python("manage.py", "up", "--port", str(self.port)), output=self.var / "out"
        )
        up = self.up
        assert wait_until(lambda: "Press Ctrl-C" in self.said or up.poll() is not None, within=patience), (
            self.said
        )
        assert "Everything is ready after" in self.said, self.said
        self.meet()

    def meet(self) -> None:
        """Get to know one that somebody else has begun."""
        asked = run(
            self.var, *python("-c", "from config import embedded; print(embedded.addresses().redis_url)")
        )
        self._url = asked.stdout.strip()
        self._valkey = redis.Redis.from_url(self._url, socket_timeout=2)

    def leave(self) -> None:
        if self._valkey is not None:
            self._valkey.close()

    def end(self) -> None:
        self.leave()
        if self.up is not None:
            self.up.send_signal(signal.SIGTERM)
            self.up.wait(20)

    @property
    def said(self) -> str:
        return (self.var / "out").read_text()

    def main_of(self, part: str) -> int:
        """The server itself, below its leash; 0 while there is none."""
        mark = PARTS[part]
        held = [pid for pid, command in alive(self.var).items() if "leash.py" in command and mark in command]
        below = [child for pid in held for child in leash.children().get(pid, [])]
        # Between fork and exec a child still has the leash's command line.
        ours = [pid for pid, command in alive(self.var).items() if pid in below and "leash.py" not in command]
        return ours[0] if ours else 0

    def child_of(self, part: str) -> int:
        """A process that the part started; 0 while there is none."""
        below = leash.descendants(self.main_of(part)) if self.main_of(part) else []
        return below[-1] if below else 0

    def metrics(self) -> dict[str, float]:
        """Figures of /metrics without labels; empty while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=2) as answer:
                lines = answer.read().decode().splitlines()
        except (OSError, urllib.error.HTTPError):
            return {}
        pairs = [line.split() for line in lines if not line.startswith("#") and "{" not in line]
        return {name: float(value) for name, value in pairs}

    def works(self, since: float) -> dict[str, bool]:
        """Does each part do its work, asked after `since` (time.time())? Waits for none."""
        figures = self.metrics()
        watched = time.time() - figures.get("fenhang_watched_seconds_ago", 1e9)
        return {
            "web": bool(figures),
            "valkey": figures.get("fenhang_valkey_up") == 1,
            "worker": watched > since and self._is_done("prompt", since),
            "heavy": self._is_done("heavy", since),
            "beat": self._gave_sign("beat", since),
        }

    def _is_done(self, queue: str, since: float) -> bool:
        """Was a task that was published after `since` taken and acknowledged? Publishes another each second: one that
        met an absent database failed, and one that a dying worker had just been handed is lost.
        """
        client: Any = self._valkey
        asked = self._asked.setdefault((queue, since), {})
        try:
            if time.time() - max(asked.values(), default=0) > 1:
                with app.connection_for_write(broker_of(self._url)) as connection:
                    sent = app.send_task(
                        "jobs.watch", connection=connection, queue=queue, retry=False, ignore_result=True
                    )
                asked[str(sent.id)] = time.time()
                return False
            waiting = b"".join([*client.lrange(queue, 0, -1), *client.hvals("unacked")])
        except (redis.RedisError, KombuError, OSError):
            return False
        return any(each.encode() not in waiting for each in asked)

    def _gave_sign(self, part: str, since: float) -> bool:
        try:
            return (self.var / "main" / "signs" / part).stat().st_mtime > since
        except OSError:
            return False

    def back_within(self, limit: float, since: float) -> float | None:
        """Seconds until every part works again; None when that takes longer than `limit`."""
        while time.time() - since < limit:
            if all(self.works(since).values()):
                return time.time() - since
            time.sleep(0.1)
        return None


def hurt(pid: int, number: int) -> float:
    """Send `number` to a process that is there; when."""
    assert pid, "there is nothing to hurt"
    at = time.time()
    os.kill(pid, number)
    return at


def is_stopped(pid: int) -> bool:
    """Does it still stand stopped?"""
    return leash.processes().get(pid, (0, ""))[1] == "T"
