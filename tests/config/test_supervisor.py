"""The supervisor with small parts of our own: what it restarts, when it gives up, what it leaves behind."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import alive, end_all, public_folder, python, run, start, wait_until

# Runs the parts named on its command line. "forks": has children of its own in sessions of their own, as database
# and web servers do. "stubborn": does not listen to a request to end. "short": ends by itself.
SUPERVISE = """
import os, sys
from config.embedded.supervisor import Program, StopAsked, Supervisor
from config.embedded.words import StartRefused

PARTS = {
    "steady": "import time; time.sleep(60)",
    "forks": "import subprocess, sys, time; [subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
             " start_new_session=True) for _ in range(2)]; time.sleep(60)",
    "stubborn": "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)",
    "short": "print('the reason', flush=True); import time; time.sleep(0.3); raise SystemExit(3)",
    "early": "print('fatal: no luck', flush=True); raise SystemExit(4)",
}
try:
    with Supervisor() as supervisor:
        for level, name in enumerate(sys.argv[1:]):
            program = Program("web", [sys.executable, "-c", PARTS[name], name], dict(os.environ),
                              lambda: name != "early")
            supervisor.start(program, level=level)
        print("serving", flush=True)
        supervisor.run()
except StopAsked:
    print("stopped", flush=True)
except StartRefused as refused:
    sys.exit(str(refused))
"""


STARTED: list[subprocess.Popen[bytes]] = []


@pytest.fixture
def var() -> Iterator[Path]:
    with public_folder() as folder:
        try:
            yield folder
        finally:
            end_all(folder)
            for started in STARTED:
                started.wait()
            STARTED.clear()


def supervise(var: Path, *parts: str, by: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
    started = start(var, *by, *python("-c", SUPERVISE, *parts), output=var / "out")
    STARTED.append(started)
    assert wait_until(lambda: "serving" in (var / "out").read_text(), within=10), (var / "out").read_text()
    return started


def pids(var: Path, name: str) -> set[int]:
    """Of the part itself: without its leash, and the supervisor that names it too."""
    return {
        pid
        for pid, command in alive(var).items()
        if command.endswith(name) and "leash.py" not in command and "Supervisor" not in command
    }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_stop_stops_everything_within_5_seconds(var: Path, number: int) -> None:
    supervisor = supervise(var, "steady", "forks", "stubborn")
    assert wait_until(lambda: len(alive(var)) == 9, within=3), alive(var)
    began = time.monotonic()
    supervisor.send_signal(number)
    assert supervisor.wait(10) == 0
    assert time.monotonic() - began < 5
    assert not alive(var)
    assert (var / "out").read_text().endswith("stopped\n")


def test_kill_9_of_the_supervisor_leaves_nothing_behind_within_5_seconds(var: Path) -> None:
    supervisor = supervise(var, "steady", "forks", "stubborn")
    assert wait_until(lambda: len(alive(var)) == 9, within=3), alive(var)
    supervisor.kill()
    supervisor.wait()
    assert wait_until(lambda: not alive(var), within=5), alive(var)


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")
def test_kill_9_of_uv_leaves_nothing_behind_within_5_seconds(var: Path) -> None:
    uv = supervise(var, "steady", "forks", "stubborn", by=("uv", "run", "--no-project", "--offline", "--"))
    assert wait_until(lambda: len(alive(var)) == 10, within=3), alive(var)
    uv.kill()
    uv.wait()
    assert wait_until(lambda: not alive(var), within=5), alive(var)


def test_a_part_that_is_killed_is_started_again_without_its_old_children(var: Path) -> None:
    supervisor = supervise(var, "forks")
    assert wait_until(lambda: len(alive(var)) == 5, within=3), alive(var)
    old = set(alive(var)) - {supervisor.pid}
    # A child looks like its parent until it becomes its own program.
    assert wait_until(lambda: len(pids(var, "forks")) == 1, within=3), alive(var)
    (part,) = pids(var, "forks")
    os.kill(part, signal.SIGKILL)
    assert wait_until(lambda: len(alive(var)) == 5 and not old & set(alive(var)), within=5), alive(var)
    assert "web ended by itself (signal 9); starting it again." in (var / "out").read_text()


def test_a_leash_that_is_killed_takes_its_part_along_and_both_come_back(var: Path) -> None:
    supervisor = supervise(var, "forks")
    assert wait_until(lambda: len(alive(var)) == 5, within=3), alive(var)
    old = set(alive(var)) - {supervisor.pid}
    (held,) = [pid for pid, command in alive(var).items() if "leash.py" in command]
    os.kill(held, signal.SIGKILL)
    assert wait_until(lambda: len(alive(var)) == 5 and not old & set(alive(var)), within=5), alive(var)


def test_three_deaths_in_a_minute_stop_everything_with_the_reason(var: Path) -> None:
    done = run(var, *python("-c", SUPERVISE, "steady", "short"))
    assert done.returncode == 1
    assert done.stdout.count("starting it again") == 2
    assert done.stderr == (
        "web ended three times within a minute, so everything stops. Last time: exit code 3. It last said: the reason\n"
    )
    assert not alive(var)


def test_a_part_that_cannot_start_is_one_clear_line(var: Path) -> None:
    done = run(var, *python("-c", SUPERVISE, "steady", "early"))
    assert done.returncode == 1
    assert done.stderr == "web ended while starting (exit code 4). It last said: fatal: no luck\n"
    assert not alive(var)
