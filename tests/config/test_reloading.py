"""A running `up` takes up new code: workers are replaced, other parts start again, and whoever asked is told."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from config.backup.refusals import CommandFailed
from config.tasks import drill_backup, make_backup
from tests.support.processes import alive, end_all, public_folder, python, run, start, wait_until

pytestmark = pytest.mark.real_clock

# "web" replaces its worker at a HUP, the new one first; "beat" knows nothing of it; "postgres" is left alone.
SUPERVISE = """
import os, signal, sys
from config.embedded.supervisor import RESTART, Program, StopAsked, Supervisor
from config.running import reloading

SLEEP = "import time; time.sleep(90)"
WEB = '''
import signal, subprocess, sys, time
def worker():
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(90)", "worker"])
mine = worker()
def replace(*_):
    global mine
    old, mine = mine, worker()
    time.sleep(0.5)
    old.kill(); old.wait()
signal.signal(signal.SIGHUP, replace)
while True: time.sleep(1)
'''
mark = reloading.mark_of("main")
try:
    with Supervisor(reload_mark=mark) as supervisor:
        for level, (name, code, how) in enumerate(
            [("postgres", SLEEP, None), ("web", WEB, signal.SIGHUP), ("beat", SLEEP, RESTART)]
        ):
            command = [sys.executable, "-c", code, name]
            supervisor.start(Program(name, command, dict(os.environ), lambda: True, reload=how), level=level)
        reloading.serving_mark("main").touch()
        print("serving", flush=True)
        supervisor.run()
except StopAsked:
    pass
"""
ASK = "from config.running import reloading; print(reloading.ask('main'))"


@pytest.fixture
def var() -> Iterator[Path]:
    with public_folder() as folder:
        (folder / "main").mkdir()
        started: list[subprocess.Popen[bytes]] = []
        try:
            started.append(start(folder, *python("-c", SUPERVISE), output=folder / "out"))
            assert wait_until(lambda: "serving" in (folder / "out").read_text(), within=20)
            yield folder
        finally:
            end_all(folder)
            for each in started:
                each.wait()


def pids(var: Path, name: str) -> set[int]:
    return {
        p for p, command in alive(var).items() if command.endswith(f" {name}") and "leash.py" not in command
    }


def test_what_serves_is_replaced_and_what_it_stands_on_is_not(var: Path) -> None:
    parts = ("postgres", "web", "worker", "beat")
    assert wait_until(lambda: all(len(pids(var, name)) == 1 for name in parts), within=10), alive(var)
    before = {name: pids(var, name) for name in parts}
    asked = run(var, *python("-c", ASK))
    assert asked.stdout == "True\n", asked.stderr
    assert {name for name in parts if pids(var, name) == before[name]} == {"postgres", "web"}
    assert wait_until(lambda: all(len(pids(var, name)) == 1 for name in parts), within=10), alive(var)
    said = (var / "out").read_text()
    assert "Taking up the new code" in said and "All of it runs the new code" in said
    assert "ended by itself" not in said
    assert not (var / "main" / "reload").exists()


def test_nobody_is_asked_where_nobody_serves(tmp_path: Path) -> None:
    assert run(tmp_path, *python("-c", ASK)).stdout == "False\n"
    (tmp_path / "main").mkdir()
    (tmp_path / "main" / "serving").touch()  # of an `up` that was killed
    assert run(tmp_path, *python("-c", ASK)).stdout == "False\n"
    assert not (tmp_path / "main" / "reload").exists()


def test_the_timetable_s_backup_is_off_without_a_folder_and_fails_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (make_backup(), drill_backup()) == (False, False)
    monkeypatch.setenv("FENHANG_VAR", str(tmp_path))
    monkeypatch.setenv("BACKUP_FOLDER", str(tmp_path / "none"))
    with override_settings(BACKUP_FOLDER=tmp_path / "none"), pytest.raises(CommandFailed) as failed:
        drill_backup()
    assert failed.value.values["reason"].startswith("There is no whole backup in")
    log = failed.value.values["log"]
    assert log.name == "drill.log" and "还没有完整的备份" in log.read_text()
