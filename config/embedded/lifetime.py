"""Runs an instance's services for as long as one command or test run needs them."""

import atexit
import contextlib
import fcntl
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from config import embedded
from config.embedded import places
from config.embedded.parts import Running, wait_ready
from config.embedded.postgres import Postgres
from config.embedded.valkey import Valkey
from config.embedded.words import StartRefused, word

# A stop takes at most 5 s, a first start some more on a slow disk.
_PATIENCE = 60.0
_LOG_LIMIT = 5_000_000

# Set for the workers and other children of a test run that has its instance already.
_TEST_RUN = "FENHANG_TEST_INSTANCE"

Service = Postgres | Valkey


class InstanceLock:
    """Held by whoever runs an instance, and by the leashes of its servers: free only when all of them are gone.

    Written for people: the file holds the process id of the holder.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._file: TextIO | None = None

    def acquire(self) -> bool:
        """Take it, or return False at once."""
        places.make_folders(self.name)
        file = open(places.instance_dir(self.name) / "lock", "a+")  # noqa: SIM115
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file
        return True

    def fileno(self) -> int:
        assert self._file is not None, "the lock is not held"
        return self._file.fileno()

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def holder(self) -> str:
        """The process id in the file, for a message."""
        try:
            return (places.instance_dir(self.name) / "lock").read_text().strip() or "?"
        except OSError:
            return "?"


class Users:
    """Counts, by shared locks that end with their process, who uses services that another process runs."""

    def __init__(self, name: str) -> None:
        self._path = places.instance_dir(name) / "users"
        self._file: TextIO | None = None

    def join(self) -> None:
        self._file = open(self._path, "a")  # noqa: SIM115
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def leave(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @contextlib.contextmanager
    def when_none_left(self) -> Iterator[None]:
        """Wait until nobody else uses the services, and let nobody begin meanwhile."""
        with open(self._path, "a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(word("waiting_users"), file=sys.stderr)
                fcntl.flock(file, fcntl.LOCK_EX)
            yield


def wanted_services(name: str, *, durable: bool = True) -> list[Service]:
    """Those that no environment variable names, in the order of starting."""
    services: list[Service] = []
    if not embedded.is_external():
        services.append(Postgres(name, durable=durable))
    if not os.environ.get("REDIS_URL"):
        services.append(Valkey(name, durable=durable))
    return services


def ready_mark(name: str) -> Path:
    """Exists while an instance's services are ready *and* set up: a listening server may still lack its roles."""
    return places.instance_dir(name) / "ready"


class Lifetime:
    """`begin` makes the services available, `end` stops those that it started."""

    def __init__(self, name: str, *, durable: bool) -> None:
        self.name = name
        self.services = [] if embedded.is_external() else wanted_services(name, durable=durable)
        self._lock = InstanceLock(name)
        self._users = Users(name)
        self._running: list[Running] = []

    def begin(self) -> None:
        """Raises StartRefused in words."""
        if not self.services:
            return
        deadline = time.monotonic() + _PATIENCE
        while not self._lock.acquire():
            self._users.join()
            if self._is_ready():
                return
            self._users.leave()
            if time.monotonic() > deadline:
                raise StartRefused("busy_instance", name=self.name, holder=self._lock.holder())
            time.sleep(0.1)
        try:
            self._start()
        except BaseException:
            self._stop()
            raise

    def end(self) -> None:
        self._users.leave()
        if self._running:
            with self._users.when_none_left():
                self._stop()

    def _is_ready(self) -> bool:
        return ready_mark(self.name).exists() and all(service.is_ready() for service in self.services)

    def _start(self) -> None:
        ready_mark(self.name).unlink(missing_ok=True)
        started: list[tuple[Service, Running]] = []
        for service in self.services:
            if isinstance(service, Postgres) and service.is_new():
                print(word("starting_first", path=service.folder), file=sys.stderr)
            for line in service.prepare():
                print(line, file=sys.stderr)
            log = _Log(places.instance_dir(self.name) / "logs" / f"{service.name}.log")
            running = Running(service.launch(), on_line=log.write, keep=[self._lock.fileno()])
            self._running.append(running)
            started.append((service, running))
        for service, running in started:
            wait_ready(service.name, running, service.is_ready, within=service.ready_within)
            service.settle()
        ready_mark(self.name).touch()

    def _stop(self) -> None:
        ready_mark(self.name).unlink(missing_ok=True)
        for running in self._running:
            running.ask_to_stop()
        for running in reversed(self._running):
            running.stop()
        self._running.clear()
        self._lock.release()


class _Log:
    """A file of its own for each service, begun anew when it has grown large."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(exist_ok=True)
        is_large = path.exists() and path.stat().st_size > _LOG_LIMIT
        self._file = open(path, "w" if is_large else "a", buffering=1)  # noqa: SIM115

    def write(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # a full disk must not end the reader
            self._file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")


def begin_for_tests() -> None:
    """See `config.embedded.start_for_tests`."""
    if os.environ.get(_TEST_RUN) or embedded.is_external():
        return
    _clear_ended_test_instances()
    name = "test"
    # Taken and left again: whoever takes it between us and `begin` only makes us share that instance's servers.
    lock = InstanceLock(name)
    if not lock.acquire():
        name = f"test-{os.getpid()}"
    lock.release()
    os.environ["FENHANG_INSTANCE"] = os.environ[_TEST_RUN] = name
    lifetime = Lifetime(name, durable=False)
    lifetime.begin()
    owner = os.getpid()

    def end() -> None:
        if os.getpid() == owner:  # not in a fork of ours
            lifetime.end()
            if name != "test":
                _remove(name)

    atexit.register(end)


def _clear_ended_test_instances() -> None:
    """Instances of test runs that were killed: nobody holds their lock."""
    for folder in places.var_dir().glob("test-*"):
        lock = InstanceLock(folder.name)
        if lock.acquire():
            lock.release()
            _remove(folder.name)


def _remove(name: str) -> None:
    for folder in {places.instance_dir(name), places.services_dir(name), places.socket_dir(name)}:
        shutil.rmtree(folder, ignore_errors=True)
