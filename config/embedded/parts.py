"""One running part: a server on its leash, and what it last said."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.embedded.places import Account
from config.embedded.words import StartRefused, word

_LEASH = Path(__file__).with_name("leash.py")


@dataclass(frozen=True)
class Launch:
    """How one server is started and asked to stop. Times in seconds."""

    command: Sequence[str]
    environment: Mapping[str, str]
    cwd: str = "/"
    account: Account | None = None
    stop: int = signal.SIGTERM
    # A stop in two groups, each with its grace and 0.7 s after it, has to end within 5 s.
    grace: float = 1.2
    then: int = signal.SIGKILL
    # What the server gets when even its leash was killed.
    orphaned: int = signal.SIGKILL
    # What a child of the server gets that was stopped (SIGSTOP) and not continued; the server itself is killed.
    stuck: Sequence[int] = (signal.SIGKILL,)


class Running:
    """A started server. Start it from the main thread: the kernel ties its life to the thread that forked it."""

    def __init__(self, launch: Launch, *, on_line: Callable[[str], None], keep: Sequence[int] = ()) -> None:
        self.started = time.monotonic()
        self.last_lines: deque[str] = deque(maxlen=20)
        self._on_line = on_line
        self._process = subprocess.Popen(
            _leashed(launch),
            env=dict(launch.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C at the terminal is for the supervisor alone
            pass_fds=tuple(keep),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Of the leash."""
        return self._process.pid

    def code(self) -> int | None:
        """None while it runs; then its exit code, or 128 + the signal it died of."""
        code = self._process.poll()
        return 128 - code if code is not None and code < 0 else code

    def how(self) -> str:
        """In words, how it ended."""
        code = self.code() or 0
        return word("by_signal", number=code - 128) if code > 128 else word("by_exit", code=code)

    def reason(self) -> str:
        """The last thing it said that tells something."""
        self._reader.join(timeout=0.5)
        telling = [line for line in self.last_lines if line.strip()]
        errors = [line for line in telling if _tells_error(line)]
        return (errors or telling or [word("nothing")])[-1].strip()

    def ask_to_stop(self) -> None:
        """Begin to stop; the leash sees to the rest within the launch's grace."""
        if self._process.poll() is None:
            self._process.terminate()

    def stop(self) -> None:
        """Stop and wait. The leash kills what does not listen; beyond that only the kernel, busy writing to a slow
        disk for a process, can make this long, and nothing makes that shorter.
        """
        self.ask_to_stop()
        self.wait(60)

    def wait(self, seconds: float) -> bool:
        """Wait for its end, at most so long. Has it ended?"""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self._reader.join(timeout=0.5)
        return True

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for raw in stream:
                line = raw.decode("utf-8", "replace").rstrip()
                self.last_lines.append(line)
                self._on_line(line)


def run_once(launch: Launch, *, within: float) -> tuple[int, str]:
    """Run a program on a leash to its end: its exit code, and the line that tells most. For initdb."""
    running = Running(launch, on_line=lambda _: None)
    try:
        running.wait(within)
    finally:
        running.stop()
    return running.code() or 0, running.reason()


def wait_ready(name: str, running: Running, is_ready: Callable[[], bool], *, within: float) -> None:
    """Return when `is_ready`. Raises StartRefused when the part ends first or takes too long."""
    deadline = time.monotonic() + within
    pause = 0.02
    while not is_ready():
        if running.code() is not None:
            raise StartRefused("ended_early", part=word(name), how=running.how(), reason=running.reason())
        if time.monotonic() > deadline:
            reason = running.reason()
            raise StartRefused("not_ready", part=word(name), seconds=round(within), reason=reason)
        # Often at first, for what is there in a moment; then seldom, as asking takes from what is being loaded.
        time.sleep(pause)
        pause = min(pause * 1.5, 0.3)


def bare_environment() -> dict[str, str]:
    """For servers that need nothing of ours: no PG* variable or preload of the caller reaches them."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}


def _leashed(launch: Launch) -> list[str]:
    options = {
        "--parent": os.getpid(),
        "--stop": int(launch.stop),
        "--grace": launch.grace,
        "--then": int(launch.then),
        "--orphaned": int(launch.orphaned),
        "--cwd": launch.cwd,
    }
    if launch.account:
        options |= {"--uid": launch.account.uid, "--gid": launch.account.gid}
    flat = [str(piece) for pair in options.items() for piece in pair]
    return [sys.executable, "-I", "-S", str(_LEASH), *flat, "--", *launch.command]


def _tells_error(line: str) -> bool:
    lowered = line.lower()
    return any(mark in lowered for mark in ("fatal", "panic", "error", "no space", "refused", "denied"))
