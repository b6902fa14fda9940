"""The programs that serve: web, two workers, beat, and in demo mode a stand-in for WeChat; each with its probe."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from config.embedded import instance_name
from config.embedded.places import BASE_DIR, instance_dir, var_dir
from config.embedded.supervisor import RESTART, Program
from config.embedded.words import StartRefused
from config.running import signs
from config.standins.wecom_demo import CORP

# Threads keep their connections (one for requests, one for what outlives a refusal), so processes x threads x 2
# must stay well below the server's max_connections.
WEB_PROCESSES = 2
WEB_THREADS = 12
WEB_LINES = 1024  # of each process, idle ones included
WORKER_PROCESSES = 2
HEAVY_PROCESSES = 1
OUTBOX_PROCESSES = 1  # of many threads


_WECHAT = """
import sys
from config.standins.wechat import WeChatStandIn
from config.standins.wecom_demo import fill
with WeChatStandIn(("127.0.0.1", int(sys.argv[1]))) as server:
    fill(server.contacts)
    server.serve_forever()
"""


def web(host: str, port: int, environment: dict[str, str], *, threads: int = WEB_THREADS) -> Program:
    """The site on granian, each process with so many threads."""
    return Program(
        name="web",
        command=[
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)),
            *("--workers", str(WEB_PROCESSES), "--blocking-threads", str(threads)),
            # Backpressure counts lines, also those that are kept and idle: at as many as threads a few browsers that
            # say nothing would keep everybody else out. Requests beyond the threads wait in the pool's own queue.
            *("--backpressure", str(WEB_LINES), "--backlog", "2048"),
            # A reload starts each new worker this long before it stops the old one, which then ends what it is at;
            # at a stop of everything the leash waits for neither.
            *("--respawn-failed-workers", "--respawn-interval", "20", "--workers-kill-timeout", "30"),
            *("--log-level", "warning"),
            *("--no-ws", "config.wsgi:application"),
        ],
        environment=environment,
        probe=lambda: _is_healthy(host, port),
        # It takes threads for cores; ours mostly wait for the database.
        noise=("Configuration allows spawning",),
        reload=signal.SIGHUP,
    )


def worker(
    host: str,
    port: int,
    environment: dict[str, str],
    *,
    name: str = "worker",
    queue: str = "prompt",
    pool: int = WORKER_PROCESSES,
) -> Program:
    """Runs the tasks of one queue, `pool` at once."""
    return Program(
        name=name,
        command=[
            *(sys.executable, "-m", "config.running.tasks", "worker"),
            *("--queue", queue, "--name", name, "--pool", str(pool)),
        ],
        # As root it warns at length; the embedded default is meant to be tried out as root, too.
        environment=environment | {"PYTHONWARNINGS": "ignore:You're running the worker with superuser"},
        probe=lambda: _gave_sign(environment, name),
        before=lambda: _forget_sign(environment, name),
        reload=RESTART,  # what it was at is not acknowledged, and is done again
    )


def heavy(host: str, port: int, environment: dict[str, str]) -> Program:
    """Runs what may take minutes, one at a time, so that what is due in seconds never waits behind it."""
    return worker(host, port, environment, name="heavy", queue="heavy", pool=HEAVY_PROCESSES)


def outbox(host: str, port: int, environment: dict[str, str]) -> Program:
    """Sends what leaves the bank; it waits for receivers, and nobody waits for it."""
    return worker(host, port, environment, name="outbox", queue="outbox", pool=OUTBOX_PROCESSES)


def beat(host: str, port: int, environment: dict[str, str]) -> Program:
    """Sends what is due by the timetable."""
    return Program(
        name="beat",
        command=[
            *(sys.executable, "-m", "config.running.tasks", "beat"),
        ],
        environment=environment,
        probe=lambda: _gave_sign(environment, "beat"),
        before=lambda: _forget_sign(environment, "beat"),
        reload=RESTART,
    )


def wechat_standin(port: int, environment: dict[str, str]) -> Program:
    """Answers as WeChat does, for the demo's customers."""
    return Program(
        name="wechat",
        # Without Django, which it does not need: on two cores each program less to load is felt at the start.
        command=[sys.executable, "-c", _WECHAT, str(port)],
        environment=environment,
        probe=lambda: _listens("127.0.0.1", port),
    )


def environment_of(*, is_demo: bool, host: str, wechat_port: int | None) -> dict[str, str]:
    """What the programs inherit: ours, and what `up` decided."""
    folder = instance_dir(instance_name()) / "signs"
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(BASE_DIR), os.environ.get("PYTHONPATH")))),
        "PYTHONUNBUFFERED": "1",
        "FENHANG_DEMO": "1" if is_demo else "0",
        signs.FOLDER: str(folder),
    }
    if sys.pycache_prefix:
        environment |= {"PYTHONPYCACHEPREFIX": sys.pycache_prefix, "PYTHONDONTWRITEBYTECODE": ""}
    if wechat_port is not None:
        environment["WECHAT_BASE_URL"] = environment["WECOM_BASE_URL"] = f"http://127.0.0.1:{wechat_port}"
        # The demo bank's groups come from the stand-in, which takes any secret.
        environment.setdefault("WECOM_CORP_ID", CORP)
        environment.setdefault("WECOM_CONTACT_SECRET", "demo")
    if "ALLOWED_HOSTS" not in os.environ:
        names = {"127.0.0.1", "localhost", "[::1]", socket.gethostname()}
        environment["ALLOWED_HOSTS"] = ",".join(sorted(names | _names_of(host)))
    return environment


def is_https() -> bool:
    """Is the site reached over HTTPS? As the settings read it, before they are loaded."""
    return os.environ.get("FENHANG_HTTPS", "").lower() in {"1", "true", "yes", "on"}


def refuse_unsafe(environment: dict[str, str]) -> None:
    """Ask of the installation what each web process will ask, once and before they start. Raises StartRefused."""
    asked = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", "import config.wsgi"],
        env=environment,
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        raise StartRefused("unsafe", reasons=asked.stderr.strip())


def keep_bytecode() -> None:
    """Where nothing may be written beside the sources, keep what Python compiles in our own folder.

    Otherwise each program compiles a thousand files at each start, which takes as long as all the rest of it.
    """
    if sys.dont_write_bytecode and not sys.pycache_prefix:
        sys.pycache_prefix = str(var_dir() / "bytecode")
        sys.dont_write_bytecode = False


def url_of(host: str, port: int) -> str:
    """The address to type into a browser on this machine."""
    return f"http://{_reachable(host)}:{port}"


def _names_of(host: str) -> set[str]:
    if host not in {"0.0.0.0", "::", ""}:  # noqa: S104 - compared, not bound
        return {f"[{host}]" if ":" in host else host}
    # Every address of this machine, so that a phone in the same network can open the demo.
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    return {f"[{a[4][0]}]" if a[0] == socket.AF_INET6 else str(a[4][0]) for a in found}


def _reachable(host: str) -> str:
    if host in {"0.0.0.0", ""}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host


def _is_healthy(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(_reachable(host), port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": "127.0.0.1"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _gave_sign(environment: dict[str, str], part: str) -> bool:
    """Did the `part` that runs here say lately that it is alive?"""
    try:
        said = (Path(environment[signs.FOLDER]) / part).stat().st_mtime
    except OSError:
        return False
    return time.time() - said < signs.COUNTS


def _forget_sign(environment: dict[str, str], part: str) -> None:
    """A sign of one that died does not count for the next."""
    (Path(environment[signs.FOLDER]) / part).unlink(missing_ok=True)


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
