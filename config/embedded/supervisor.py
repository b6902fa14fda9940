"""Runs several parts as one program: starts them in order, restarts one that ends by itself, stops them in reverse.

What is stopped or silent for too long is ended first, and then started again like one that died.

Nothing outlives it. Each part is on a leash (`leash.py`) that ends it when this process dies in any way; what a
killed leash leaves behind is adopted and ended here; and when the `uv` that started us is killed, we stop.
"""

import contextlib
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol

from config.embedded import leash
from config.embedded.parts import Launch, Running, wait_ready
from config.embedded.places import BASE_DIR
from config.embedded.words import StartRefused, word

# This many deaths of one part within this many seconds, and everything stops; the death of one that had worked
# for SERVED seconds does not count, as starting it again did help.
DEATHS = 3
WITHIN = 60.0
SERVED = 5.0
# Seconds between two looks at the parts. A process that stands stopped (SIGSTOP) at STOPPED looks in a row is ended as
# if it had died: it holds what it holds, and nobody is told. A part that left SILENT looks in a row unanswered hangs;
# that many, because one under load answers late. Looks and not seconds: a suspended machine counts none.
EVERY = 1.0
STOPPED = 2
SILENT = 60
# How a program takes up new code when it cannot do so by itself.
RESTART = 0


class Part(Protocol):
    """What the supervisor runs."""

    name: str
    ready_within: float

    def prepare(self) -> list[str]:
        """Before each start; returns what to tell people."""

    def launch(self) -> Launch: ...

    def is_ready(self) -> bool: ...

    def is_noise(self, line: str) -> bool:
        """May this line of its output be left out?"""


class StopAsked(BaseException):
    """Somebody asked us to stop; raised wherever the main thread is. Not an Exception, so nothing swallows it."""


@dataclass
class _Kept:
    part: Part
    level: int
    launch: Launch | None = None
    running: Running | None = None
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=DEATHS))
    is_back: bool = True
    # When it answered last, and how many looks in a row it has not; since its last start.
    answered_at: float = 0.0
    silent: int = 0

    def begin(self, running: Running, launch: Launch) -> None:
        self.running, self.launch = running, launch
        self.answered_at, self.silent = 0.0, 0

    def look(self) -> None:
        """Ask whether it is ready; from the watching thread, as an answer may take seconds."""
        running, asked = self.running, time.monotonic()
        answers = self.part.is_ready()
        if running is not self.running or running is None or running.code() is not None:
            return  # the answer is about one that is gone
        if answers:
            self.answered_at, self.silent = asked, 0
        elif self.answered_at or not self.is_back:
            self.silent += 1

    def hangs(self) -> bool:
        """Whether it is silent for too long; one that was started again has as long as at its first start."""
        patience = SILENT if self.answered_at else max(SILENT, self.part.ready_within / EVERY)
        return self.silent >= patience

    def has_served(self) -> bool:
        return bool(self.running and self.answered_at - self.running.started > SERVED)


class Supervisor:
    """Use as a context manager, in the main thread: leaving it stops every part, whatever happened."""

    def __init__(self, *, keep: Sequence[int] = (), reload_mark: Path | None = None) -> None:
        """`reload_mark`: a file by which others ask for new code; it says "begun", and is gone when that is done."""
        self._keep = keep
        self._reload_mark = reload_mark
        self._replaced: dict[int, set[int]] | None = None
        self._kept: list[_Kept] = []
        self._printing = threading.Lock()
        self._is_stopping = False
        self._stopped: dict[int, int] = {}
        self._old_handlers: dict[int, object] = {}

    def __enter__(self) -> "Supervisor":
        leash.prctl(leash.PR_SET_CHILD_SUBREAPER, 1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._old_handlers[number] = signal.signal(number, self._on_signal)
        if _parent_name() == "uv":
            threading.Thread(target=self._watch_parent, args=(os.getppid(),), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_stopping = True
        self.stop()
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def say(self, line: str, *, part: str = "") -> None:
        """Print a line; harmless when nobody listens any more."""
        with self._printing, contextlib.suppress(OSError, ValueError):
            print(f"{part:>9} | {line}" if part else line, flush=True)

    def start(self, *parts: Part, level: int, wait: bool = True) -> None:
        """Start `parts` side by side and return when all are ready, or at once. Higher levels stop first.

        Raises StartRefused when one cannot start.
        """
        kept = [_Kept(part, level) for part in parts]
        self._kept += kept
        for each in kept:
            self._launch(each)
        for each in kept if wait else []:
            assert each.running is not None
            wait_ready(each.part.name, each.running, each.part.is_ready, within=each.part.ready_within)
            each.answered_at = time.monotonic()

    def run(self) -> None:
        """Watch until asked to stop (StopAsked). Raises StartRefused when a part keeps ending."""
        threading.Thread(target=self._watch_processes, daemon=True).start()
        threading.Thread(target=self._watch_parts, daemon=True).start()
        while True:
            for each in self._kept:
                self._look_after(each)
            if self._reload_mark is not None:
                self._reload(self._reload_mark)
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop everything, highest level first, each level side by side."""
        for level in sorted({each.level for each in self._kept}, reverse=True):
            running = [each.running for each in self._kept if each.level == level and each.running]
            for one in running:
                one.ask_to_stop()
            for one in running:
                one.stop()
        self._kept.clear()
        self._end_strays()

    def _look_after(self, each: _Kept) -> None:
        running = each.running
        assert running is not None
        if running.code() is None:
            if not each.is_back and each.answered_at:
                each.is_back = True
                self.say(word("part_back", part=word(each.part.name)))
            return
        if not each.has_served():
            each.deaths.append(time.monotonic())
        name, how, reason = word(each.part.name), running.how(), running.reason()
        self._end_strays()
        if len(each.deaths) == DEATHS and each.deaths[-1] - each.deaths[0] < WITHIN:
            raise StartRefused("keeps_ending", part=name, how=how, reason=reason)
        self.say(word("part_ended", part=name, how=how))
        each.is_back = False
        self._launch(each)

    def _reload(self, mark: Path) -> None:
        """A step of taking up new code: begun when `mark` asks, over when no process of the old code is left."""
        if self._replaced is not None:
            tree = leash.children()
            if not any(old & set(tree.get(server, [])) for server, old in self._replaced.items()):
                self._replaced = None
                mark.unlink(missing_ok=True)
                self.say(word("reloaded"))
            return
        if not mark.exists():
            return
        self.say(word("reloading"))
        mark.write_text("begun\n")
        self._replaced = {}
        for each in self._kept:
            how = getattr(each.part, "reload", None)
            if how is None or each.running is None or each.running.code() is not None:
                continue
            if how == RESTART:
                each.running.stop()
                each.is_back = False
                self._launch(each)
                continue
            tree = leash.children()
            for server in tree.get(each.running.pid, []):
                self._replaced[server] = set(tree.get(server, []))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(server, how)

    def _launch(self, each: _Kept) -> None:
        name = each.part.name
        for line in each.part.prepare():
            self.say(line)

        def on_line(line: str) -> None:
            if not each.part.is_noise(line):
                self.say(line, part=name)

        launch = each.part.launch()
        each.begin(Running(launch, on_line=on_line, keep=self._keep), launch)

    def _watch_processes(self) -> None:
        """Ends what stands stopped; the main thread sees it gone and starts it again."""
        while not self._is_stopping:
            time.sleep(EVERY)
            self._end_stopped()

    def _watch_parts(self) -> None:
        """Ends what hangs. Apart from the other, as a part that hangs takes seconds to be asked."""
        while not self._is_stopping:
            time.sleep(EVERY)
            for each in list(self._kept):
                each.look()
                if each.hangs() and each.running and not self._is_stopping:
                    self.say(
                        word("part_silent", part=word(each.part.name), seconds=round(each.silent * EVERY))
                    )
                    each.silent = 0
                    leash.kill_all(leash.descendants(each.running.pid)[:1])

    def _end_stopped(self) -> None:
        """End processes of ours that were stopped at several looks in a row."""
        seen = leash.processes()
        counts = {}
        for each in list(self._kept):
            if each.running is None or each.launch is None:
                continue
            held = each.running.pid
            for pid in [held, *_below(held, seen)]:
                if pid not in seen or seen[pid][1] != "T":
                    continue
                counts[pid] = self._stopped.get(pid, 0) + 1
                if counts[pid] == STOPPED and not self._is_stopping:
                    self.say(word("part_stopped", part=word(each.part.name), pid=pid))
                    is_server = held in (pid, seen[pid][0])
                    for number in (signal.SIGKILL,) if is_server else each.launch.stuck:
                        leash.kill_all([pid], number)
        self._stopped = counts

    def _end_strays(self) -> None:
        """End what a killed leash left: the kernel made its processes our children."""
        known = {each.running.pid for each in self._kept if each.running}
        for child in leash.children().get(os.getpid(), []):
            if child not in known:
                leash.kill_all([child, *leash.descendants(child)])
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(child, 0)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            raise StopAsked

    def _watch_parent(self, parent: int) -> None:
        """A `kill -9` of uv tells us nothing; the kernel only gives us another parent."""
        while os.getppid() == parent:
            time.sleep(0.3)
        self.say(word("parent_gone"))
        os.kill(os.getpid(), signal.SIGTERM)


def _below(root: int, seen: dict[int, tuple[int, str]]) -> list[int]:
    """Processes below `root`, nearest first, among those `seen`."""
    found, level = [], {root}
    while level:
        level = {pid for pid, (parent, _state) in seen.items() if parent in level}
        found += sorted(level)
    return found


def _parent_name() -> str:
    try:
        with open(f"/proc/{os.getppid()}/comm") as file:
            return file.read().strip()
    except OSError:
        return ""


Probe = Callable[[], bool]


@dataclass
class Program:
    """A part that is a plain program with an environment and a probe."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    probe: Probe
    # What has to be cleared away before each start.
    before: Callable[[], None] = lambda: None
    ready_within: float = 90.0
    grace: float = 1.2
    noise: tuple[str, ...] = ()
    # How it takes up new code: by a signal that makes it replace its workers one by one, or RESTART; None: it has none.
    reload: int | None = None

    def prepare(self) -> list[str]:
        self.before()
        return []

    def launch(self) -> Launch:
        return Launch(self.command, self.environment, cwd=str(BASE_DIR), grace=self.grace)

    def is_ready(self) -> bool:
        return self.probe()

    def is_noise(self, line: str) -> bool:
        return not line.strip() or any(mark in line for mark in self.noise)
