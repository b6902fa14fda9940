"""The machine a figure was taken on: a figure without it means nothing."""

import os
import platform
from pathlib import Path
from typing import Any

import django
from django.db import connection


def machine(*, with_database: bool = True) -> dict[str, Any]:
    """Cores, memory (GiB), processor and versions, as far as they can be read."""
    server, buffers = "none", "none"
    if with_database:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version'), current_setting('shared_buffers')")
            server, buffers = cursor.fetchone()
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "processor": _processor(),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "django": django.get_version(),
        "postgresql": server,
        "shared_buffers": buffers,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )


class NoDatabase:
    """The clock of work that asks no database."""

    def seconds(self) -> float:
        """None were spent there."""
        return 0.0


class BackendClock:
    """Processor time of the database's own process behind a connection, when it runs on this machine."""

    def __init__(self, using: str = "default", pid: int | None = None) -> None:
        from django.db import connections

        if pid is None:
            with connections[using].cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pid = cursor.fetchone()[0]
        folder = Path(f"/proc/{pid}")
        # A number alone is no proof: a remote server's process ids mean other processes here.
        try:
            is_local = b"postgres" in (folder / "cmdline").read_bytes()
            is_local = is_local and int((folder / "schedstat").read_text().split()[0]) > 0
        except (OSError, ValueError, IndexError):
            is_local = False
        self.path = folder / "schedstat" if is_local else None

    def seconds(self) -> float | None:
        """Processor seconds so far (nanosecond grain), or None for a database elsewhere."""
        if self.path is None:
            return None
        return int(self.path.read_text().split()[0]) / 1e9
