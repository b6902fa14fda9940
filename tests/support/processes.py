"""Start our programs as a person would, kill them, and look for what they left behind."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from config.embedded.places import BASE_DIR

# Marks every process of one test: children inherit it, whoever becomes their parent.
_MARK = "FENHANG_TEST_MARK"

_OURS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY", "DATA_KEY")


@contextlib.contextmanager
def public_folder() -> Iterator[Path]:
    """A folder that any user may pass through, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="fenhang-test-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def environment(var: Path, **more: str) -> dict[str, str]:
    """A bare machine's: nothing external, English sentences, and a mark to find the processes by."""
    inherited = {
        key: value
        for key, value in os.environ.items()
        if key not in _OURS and not key.startswith(("FENHANG_", "PYTEST_", "DJANGO_", "LC_"))
    }
    return {
        **inherited,
        "LANG": "en_US.UTF-8",
        "PYTHONPATH": str(BASE_DIR),
        "FENHANG_VAR": str(var),
        _MARK: str(var),
        **more,
    }


def start(var: Path, *command: str, output: Path | None = None, **more: str) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own."""
    with open(output or os.devnull, "wb") as file:
        return subprocess.Popen(
            command,
            env=environment(var, **more),
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def run(var: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `command` to its end."""
    return subprocess.run(
        command,
        env=environment(var, **more),
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def alive(var: Path) -> dict[int, str]:
    """Running processes of the instance below `var`, by id. Servers have a bare environment: found by their folder."""
    mark = f"{_MARK}={var}".encode()
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        folder = Path("/proc") / entry
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            if not command:  # a zombie
                continue
            where = os.readlink(folder / "cwd")
            if mark in (folder / "environ").read_bytes().split(b"\0") or str(var) in where + command.decode():
                found[int(entry)] = command.decode().strip()
    return found


def wait_until(question: Callable[[], object], *, within: float) -> bool:
    """Did `question` become true within so many seconds?"""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if question():
            return True
        time.sleep(0.05)
    return bool(question())


def end_all(var: Path) -> None:
    """After a failed test: leave nothing to the next one."""
    for pid in alive(var):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
