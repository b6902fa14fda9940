"""The site as `up` serves it, to be killed while it answers, and callers who ask again until they are told."""

import http.client
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import orjson
from django.conf import settings
from django.db import connections

from config.embedded import leash
from config.running import programs
from tests.chaos.proxy import LossyRelay
from tests.support.answering_site import DIES
from tests.support.processes import public_folder, wait_until

PATIENCE = 60.0  # seconds until an answer, whatever is killed meanwhile


@dataclass(frozen=True)
class Told:
    """What a caller was answered in the end."""

    status: int
    kind: str
    body: bytes
    is_replay: bool

    @property
    def answer(self) -> tuple[int, str, bytes]:
        return self.status, self.kind, self.body


@dataclass
class Site:
    """Serving at `port`; what dies is started again."""

    port: int
    command: list[str]
    environment: dict[str, str]
    relay: LossyRelay
    output: Path
    server: "subprocess.Popen[bytes]" = field(init=False)
    is_over: threading.Event = field(default_factory=threading.Event)
    starts: int = 0

    def begin(self) -> None:
        with self.output.open("ab") as file:
            self.server = subprocess.Popen(
                self.command, cwd=settings.BASE_DIR, env=self.environment, start_new_session=True, stdout=file,
                stderr=file,
            )  # fmt: skip
        self.starts += 1

    def keep(self) -> None:
        """As the supervisor does: one that ended is begun again."""
        while not self.is_over.wait(0.05):
            if self.server.poll() is not None:
                self._end()
                self.begin()

    def end(self) -> None:
        self.is_over.set()
        self._end()

    def _end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait(10)

    def processes(self) -> list[int]:
        """Those that answer, without the one that keeps them."""
        return [pid for pid in leash.descendants(self.server.pid) if pid != self.server.pid]

    def kill_one(self, which: int) -> int:
        """SIGKILL to one of those that answer; how many there were."""
        found = self.processes()
        if found:
            with suppress(ProcessLookupError):
                os.kill(found[which % len(found)], signal.SIGKILL)
        return len(found)


@contextmanager
def answering(*, seed: int = 1) -> Iterator[Site]:
    """The whole site at this test's database, with two processes; its replies may be lost (`relay.loses`)."""
    with ExitStack() as stack:
        folder = stack.enter_context(public_folder())
        database = connections["default"].settings_dict
        relay = stack.enter_context(LossyRelay(folder / "relay", Path(str(database["HOST"])), seed=seed))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        command = programs.web("127.0.0.1", port, {}, threads=16).command
        deaths = folder / "deaths"
        deaths.mkdir()
        more = {
            "ANSWERING_DATABASE": str(database["NAME"]),
            "ANSWERING_RELAY": str(relay.folder),
            "ANSWERING_DEATHS": str(deaths),
        }
        site = Site(
            port,
            [*command[:-1], "tests.support.answering_site:application"],
            {**os.environ, **more, "PYTHONPATH": str(settings.BASE_DIR)},
            relay,
            folder / "out",
        )
        site.begin()
        stack.callback(site.end)
        assert wait_until(lambda: _serves(port), within=60), site.output.read_text()
        keeper = threading.Thread(target=site.keep, daemon=True)
        keeper.start()
        stack.callback(keeper.join)
        stack.callback(site.is_over.set)
        yield site


def _serves(port: int) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/api/v1/batches")
        return line.getresponse().status == 401
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


@dataclass
class Caller:
    """One phone, or one till. Counts what it was left without an answer, and how often it was told to try again."""

    port: int
    token: str
    left_alone: int = 0
    put_off: int = 0
    why: list[str] = field(default_factory=list)  # it was left alone

    def post(
        self, path: str, *, key: str, body: object = None, dies: bool = False, renews_key: bool = False
    ) -> Told:
        """Ask, and ask again under the same key until there is an answer to the act.

        `dies`: whoever does it first dies with the answer. `renews_key`: ask again under another key, as somebody who
        has not understood what keys are for.
        """
        fatal = {DIES: key} if dies else {}
        until = time.monotonic() + PATIENCE
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        while time.monotonic() < until:
            told = self._try(path, headers | fatal | {"Idempotency-Key": key}, body)
            if told is None or told.status >= 500 or told.status == 429:
                self.left_alone += 1
                if told is not None:
                    self.why.append(f"{told.status} {told.body[:300]!r}")
            elif told.status == 409 and orjson.loads(told.body)["code"] == "requests.key.in_use":
                self.put_off += 1
            else:
                return told
            if renews_key:
                key = f"again-{uuid4().hex}"
            time.sleep(0.05)
        raise AssertionError(f"{path} was not answered within {PATIENCE} s")

    def _try(self, path: str, headers: dict[str, str], body: object) -> Told | None:
        # A line for each: one that was kept may lead to a process that is no more.
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            line.request("POST", f"/api/v1/{path}", orjson.dumps(body or {}), headers)
            answer = line.getresponse()
            return Told(
                answer.status,
                answer.headers.get("Content-Type", ""),
                answer.read(),
                answer.headers.get("Idempotency-Replayed") == "true",
            )
        except (OSError, http.client.HTTPException) as error:
            self.why.append(repr(error))
            return None
        finally:
            line.close()


def at_once(acts: Sequence[Callable[[], None]], *, within: float) -> None:
    """All acts, each in a thread of its own. Raises what one of them raised."""
    failed: list[BaseException] = []

    def run(act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - raised again below
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(within)
    if failed:
        raise failed[0]
    assert not any(thread.is_alive() for thread in threads), "somebody still waits for an answer"
