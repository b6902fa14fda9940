"""`manage.py up`, started as a person would start it."""

import contextlib
import json
import os
import shutil
import signal
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import alive, end_all, public_folder, python, run, start, wait_until
from tests.support.running import Bank, hurt, is_stopped

pytestmark = pytest.mark.real_clock

# Generous: other tests run beside it.
PATIENCE = 150

HOLD = "import time; from config import embedded\nwith embedded.ensure(): print('held', flush=True); time.sleep(300)"


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """One folder for the file: the first test makes the bank, the others find it there."""
    with public_folder() as folder:
        try:
            yield folder
        finally:
            end_all(folder)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch(port: int, path: str) -> tuple[int, str]:
    """Status and body; (0, "") when nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()
    except OSError:
        return 0, ""


def said(var: Path) -> str:
    return (var / "out").read_text()


def by_uv() -> list[str]:
    return ["uv", "run", "--no-project", "--offline", "--"] if shutil.which("uv") else []


def test_up_brings_up_a_bank_and_leaves_nothing_behind_when_killed(var: Path, port: int) -> None:
    upper = start(var, *by_uv(), *python("manage.py", "up", "--port", str(port)), output=var / "out")
    try:
        assert wait_until(lambda: "Press Ctrl-C" in said(var) or upper.poll() is not None, within=PATIENCE)
        assert "Everything is ready after" in said(var), said(var)
        assert f"Admin: http://127.0.0.1:{port}/admin/" in said(var)
        assert fetch(port, "/healthz") == (200, "ok\n")
        # The workers of heavy work and of the outbox come last, and nobody waits for them.
        assert wait_until(lambda: '"unavailable"' not in fetch(port, "/readyz")[1], within=PATIENCE)
        status, body = fetch(port, "/readyz")
        assert json.loads(body) == {
            "ready": True,
            "parts": dict.fromkeys(("database", "valkey", "worker", "heavy", "outbox", "beat"), "ready"),
        }
        assert status == 200

        # A second one is refused in words, and does the first no harm.
        second = run(var, *python("manage.py", "up", "--port", str(port)))
        assert (second.returncode, second.stderr) == (
            1,
            f"Port {port} of 127.0.0.1 is in use. Stop the program that uses it, or choose another with --port.\n",
        )
        second = run(var, *python("manage.py", "up", "--port", "0"))
        assert second.returncode == 1
        assert second.stderr.startswith("The instance “main” is already run by another process")
        assert "Traceback" not in second.stderr

        # A part that dies comes back.
        server = next(
            pid for pid, command in alive(var).items() if "/postgres -D" in command and "leash" not in command
        )
        os.kill(server, signal.SIGKILL)
        assert wait_until(lambda: "PostgreSQL is back." in said(var), within=20), said(var)
        assert wait_until(lambda: fetch(port, "/readyz")[0] == 200, within=20)

        # So does one that is stopped, and what stands on it; killed parts are gone through in test_faults.py.
        bank = Bank(var, port)
        bank.meet()
        stopped = bank.main_of("worker")
        hurt(stopped, signal.SIGSTOP)
        at = hurt(bank.main_of("valkey"), signal.SIGKILL)
        assert wait_until(lambda: not is_stopped(stopped), within=30), said(var)
        took = bank.back_within(PATIENCE, at)
        print(f"worker stopped, Valkey killed: all work after {took} s")
        assert took is not None, (bank.works(at), said(var))
        bank.leave()

        assert len(alive(var)) > 12
        upper.kill()
        assert wait_until(lambda: not alive(var), within=5), alive(var)
    finally:
        end_all(var)
        upper.wait()


def test_with_external_servers_only_our_programs_start_and_ctrl_c_ends_them(var: Path, port: int) -> None:
    keys = json.loads((var / "main" / "secrets.json").read_text())
    holder = start(var, *python("-c", HOLD), output=var / "held")
    upper = None
    try:
        assert wait_until(lambda: "held" in (var / "held").read_text(), within=20)
        addresses = run(
            var,
            *python(
                "-c",
                "import dataclasses, json; from config import embedded;"
                "print(json.dumps(dataclasses.asdict(embedded.addresses())))",
            ),
        )
        external = {key.upper(): value for key, value in json.loads(addresses.stdout).items()}
        external |= {"SECRET_KEY": keys["secret_key"], "DATA_KEY": keys["data_key"]}
        before = set(alive(var))
        command = python("manage.py", "up", "--port", str(port), "--no-demo")
        upper = start(var, *command, output=var / "out", **external)
        assert wait_until(lambda: "Press Ctrl-C" in said(var) or upper.poll() is not None, within=PATIENCE)
        assert "Using the external PostgreSQL and Valkey.\nThe database is up to date." in said(var), said(
            var
        )
        assert fetch(port, "/readyz")[0] == 200
        started = [command for pid, command in alive(var).items() if pid not in before]
        assert not any("valkey-server" in command or "postgres -D" in command for command in started)
        upper.send_signal(signal.SIGINT)
        assert upper.wait(5) == 0
        assert set(alive(var)) == before
        assert "Stopping ...\n" in said(var)
        assert said(var).endswith("Everything has stopped.\n")
    finally:
        for process in filter(None, (upper, holder)):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            process.wait()


EXTERNAL = {
    "SECRET_KEY": "x" * 50,
    "DATA_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def test_an_unreachable_database_is_one_clear_line_without_its_password(var: Path, port: int) -> None:
    done = run(
        var,
        *python("manage.py", "up", "--port", str(port)),
        DATABASE_URL="postgresql://fenhang_app:geheim@127.0.0.1:1/fenhang",
        DATABASE_OWNER_URL="postgresql://fenhang_owner:geheim@127.0.0.1:1/fenhang",
        **EXTERNAL,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("The database of DATABASE_URL cannot be reached: ")
    assert "geheim" not in done.stderr + done.stdout


def test_a_server_before_18_is_one_clear_line(var: Path, port: int) -> None:
    with old_server("17.6") as old:
        url = f"postgresql://fenhang_app:x@127.0.0.1:{old}/fenhang?sslmode=disable"
        done = run(
            var,
            *python("manage.py", "up", "--port", str(port)),
            DATABASE_URL=url,
            DATABASE_OWNER_URL=url,
            **EXTERNAL,
        )
    assert done.returncode == 1
    assert done.stderr == "DATABASE_URL leads to PostgreSQL 17.6; 18 or newer is required.\n"


def test_half_of_the_external_addresses_is_one_clear_line(var: Path, port: int) -> None:
    url = "postgresql://a@127.0.0.1:1/x"
    done = run(var, *python("manage.py", "up", "--port", str(port)), DATABASE_URL=url, DATABASE_OWNER_URL=url)
    assert done.returncode == 1
    assert done.stderr.startswith("Only some addresses of external services are set; REDIS_URL is missing.")


def test_an_address_of_another_machine_is_one_clear_line(var: Path) -> None:
    done = run(var, *python("manage.py", "up", "--host", "192.0.2.1"))
    assert done.returncode == 1
    assert done.stderr.startswith("192.0.2.1:8000 cannot be listened on")
    assert len(done.stderr.splitlines()) == 1


def test_the_administrators_script_needs_no_server_and_holds_no_password(var: Path) -> None:
    done = run(var, *python("manage.py", "sql_roles"))
    assert done.returncode == 0
    assert "CREATE ROLE fenhang_app LOGIN" in done.stdout
    assert "PASSWORD '" not in done.stdout
    assert not alive(var)


@contextlib.contextmanager
def old_server(version: str) -> Iterator[int]:
    """Lets anybody in and says that it is PostgreSQL `version`; the wire protocol's first words are enough."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + (len(body) + 4).to_bytes(4, "big") + body

    def greet(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = listener.accept()
                with line:
                    line.recv(4096)
                    line.sendall(
                        message(b"R", (0).to_bytes(4, "big"))
                        + message(b"S", b"server_version\0" + version.encode() + b"\0")
                        + message(b"S", b"client_encoding\0UTF8\0")
                        + message(b"Z", b"I")
                    )
                    line.recv(4096)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        greeter = threading.Thread(target=greet, args=(listener,), daemon=True)
        greeter.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        greeter.join(5)
