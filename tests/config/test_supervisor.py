"""The supervisor with small parts of our own: what it restarts, when it gives up, what it leaves behind."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded import leash
from tests.support.processes import alive, end_all, public_folder, python, run, start, wait_until

pytestmark = pytest.mark.real_clock

# Runs the parts named on its command line. "forks": has children of its own in sessions of their own, as database
# and web servers do. "stubborn": does not listen to a request to end. "short": ends by itself;
# "brief": when it has served for a while.
SUPERVISE = """
import os, sys, time
from config.embedded import supervisor as rules
from config.embedded.supervisor import Program, StopAsked, Supervisor
from config.embedded.words import StartRefused

# Looks of a tenth of a second, so that the tests need not wait.
rules.EVERY, rules.SERVED, rules.SILENT = 0.1, 1.5, 5
LOOKS = {"n": 0}


def answers(name):
    # Does the part answer its probe? "hangs" only while it starts, "busy" every fourth time, "early" never.
    LOOKS["n"] += 1
    return {"hangs": LOOKS["n"] < 3, "busy": LOOKS["n"] % 4 == 1, "early": False}.get(name, True)


PARTS = {
    "steady": "import time; time.sleep(60)",
    "forks": "import subprocess, sys, time; [subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
             " start_new_session=True) for _ in range(2)]; time.sleep(60)",
    "stubborn": "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)",
    "short": "print('the reason', flush=True); import time; time.sleep(0.1); raise SystemExit(3)",
    "hangs": "import time; time.sleep(60)",
    "busy": "import time; time.sleep(60)",
    "brief": "print('the reason', flush=True); import time; time.sleep(2); raise SystemExit(3)",
    "early": "print('fatal: no luck', flush=True); raise SystemExit(4)",
}
try:
    with Supervisor() as supervisor:
        for level, name in enumerate(sys.argv[1:]):
            program = Program("web", [sys.executable, "-c", PARTS[name], name], dict(os.environ),
                              lambda name=name: answers(name), ready_within=1.5)
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


def test_a_part_that_is_stopped_is_ended_and_started_again(var: Path) -> None:
    supervisor = supervise(var, "forks")
    assert wait_until(lambda: len(pids(var, "forks")) == 1 and len(alive(var)) == 5, within=3), alive(var)
    (part,) = pids(var, "forks")
    os.kill(part, signal.SIGSTOP)
    assert wait_until(lambda: part not in alive(var) and len(alive(var)) == 5, within=5), alive(var)
    said = (var / "out").read_text()
    assert f"Process {part} of web was stopped and nobody continued it; it has been ended." in said
    assert "web is back." in said or wait_until(lambda: "web is back." in (var / "out").read_text(), within=3)
    assert supervisor.poll() is None


def test_a_child_of_a_part_that_is_stopped_is_ended_alone(var: Path) -> None:
    supervise(var, "forks")
    assert wait_until(lambda: len(pids(var, "forks")) == 1 and len(alive(var)) == 5, within=3), alive(var)
    (part,) = pids(var, "forks")
    child = leash.descendants(part)[0]
    os.kill(child, signal.SIGSTOP)
    # The part never reaps it.
    assert wait_until(lambda: child not in alive(var), within=5), alive(var)
    assert pids(var, "forks") == {part}


def test_a_part_that_hangs_is_ended_and_one_that_answers_now_and_then_is_not(var: Path) -> None:
    supervise(var, "busy")
    assert wait_until(lambda: len(pids(var, "busy")) == 1, within=3), alive(var)
    (busy,) = pids(var, "busy")
    assert not wait_until(lambda: "has not answered" in (var / "out").read_text(), within=1.5)
    assert pids(var, "busy") == {busy}
    end_all(var)
    supervise(var, "hangs")
    assert wait_until(
        lambda: "web has not answered for 0 s; it has been ended." in (var / "out").read_text(), within=5
    )
    assert wait_until(lambda: "starting it again" in (var / "out").read_text(), within=3)
    # It never answers in its second life: that one has as long as a start may take, and is ended too.
    assert wait_until(lambda: (var / "out").read_text().count("has been ended") == 2, within=6)


def test_the_deaths_of_a_part_that_had_served_do_not_stop_the_others(var: Path) -> None:
    supervisor = supervise(var, "steady", "brief")
    assert wait_until(lambda: (var / "out").read_text().count("starting it again") > 2, within=20)
    assert supervisor.poll() is None


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
