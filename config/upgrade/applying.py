"""One verb: apply what is pending, giving way to everybody."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg
from django.conf import settings
from django.db import Error, connections
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor

from config.backup.programs import Address, line_of
from config.backup.refusals import FolderBusy, MigrationFailed, WaitedTooLong
from config.management.commands.migrate import Command as Migrate
from config.upgrade.judging import unkind_operations

# Others stand behind a lock that is waited for: so long at most. Below the server's deadlock_timeout (1 s), so that
# in a circle of waiting it is the migration that lets go, and never a customer's request.
LOCK_MS = 500
# Pauses between tries, in seconds; the last one again and again.
PAUSES = (0.5, 1.0, 2.0, 4.0)
PATIENCE = 600.0
# lock_not_available, deadlock_detected
_IN_THE_WAY = {"55P03", "40P01"}
_KEY = "hashtextextended('fenhang.upgrade', 0)"


def pending_migrations() -> list[str]:
    """As "app.name", in the order in which they will be applied."""
    executor = MigrationExecutor(connections["owner"])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def unkind_pending() -> dict[str, list[str]]:
    """Pending migrations that would keep somebody waiting, and why."""
    executor = MigrationExecutor(connections["owner"])
    found = {}
    born: set[str] = set()
    for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes()):
        state = executor.loader.project_state((migration.app_label, migration.name), at_end=False)
        if why := unkind_operations(migration, state, born):
            found[f"{migration.app_label}.{migration.name}"] = why
    return found


def apply_migrations(
    *,
    say: Callable[[str, str], None] = lambda zh, en: None,
    sleep: Callable[[float], None] = time.sleep,
    patience: float = PATIENCE,
    lock_ms: int = LOCK_MS,
) -> list[str]:
    """Apply every pending migration as fenhang_owner; returns their names. Those applied stay when a later one fails.

    Raises WaitedTooLong when a lock could not be had in `patience` seconds, MigrationFailed, FolderBusy.
    """
    wanted = pending_migrations()
    if not wanted:
        return []
    owner = Address.of(settings.DATABASES["owner"])
    with _alone(owner):
        began, tries = time.monotonic(), 0
        while True:
            broken = _invalid_indexes()
            command = _Migrate(lock_ms, say)
            with _watching(owner) as holders:
                try:
                    command.run()
                    return wanted
                except Error as failed:
                    if getattr(failed.__cause__, "sqlstate", "") not in _IN_THE_WAY:
                        raise MigrationFailed(migration=command.at, reason=line_of(failed)) from failed
                finally:
                    connections["owner"].close()
                    _drop_indexes(_invalid_indexes() - broken)
            waited = time.monotonic() - began
            if waited > patience:
                raise WaitedTooLong(
                    seconds=round(waited), migration=command.at, holders=", ".join(sorted(holders)) or "?"
                )
            pause = PAUSES[min(tries, len(PAUSES) - 1)]
            tries += 1
            say(
                f"{command.at} 拿不到锁（{', '.join(sorted(holders)) or '?'}），{pause} 秒后再试",
                f"{command.at} cannot have its lock ({', '.join(sorted(holders)) or '?'}); again in {pause} s",
            )
            sleep(pause)


class _Migrate(Migrate):
    """Django's own `migrate`, that knows how long each migration may wait for a lock."""

    def __init__(self, lock_ms: int, say: Callable[[str, str], None]) -> None:
        super().__init__()
        self.at = ""
        self._lock_ms, self._say = lock_ms, say

    def run(self) -> None:
        from django.core.management import call_command

        call_command(self, database="owner", interactive=False, verbosity=0)

    def migration_progress_callback(
        self, action: str, migration: Migration | None = None, fake: bool = False
    ) -> None:
        """Told before each migration and after."""
        if migration is None:
            return
        name = f"{migration.app_label}.{migration.name}"
        if action == "apply_start":
            self.at = name
            # What is built concurrently stands in nobody's way while it waits for old transactions to end.
            wait = self._lock_ms if migration.atomic else 0
            with connections["owner"].cursor() as cursor:
                cursor.execute(f"SET lock_timeout = {wait}")
        elif action == "apply_success":
            self._say(f"已应用 {name}", f"applied {name}")


@contextmanager
def _alone(owner: Address) -> Iterator[None]:
    """One upgrade at a time. Raises FolderBusy."""
    with owner.connect() as connection:
        row = connection.execute(f"SELECT pg_try_advisory_lock({_KEY})".encode()).fetchone()
        if not row or not row[0]:
            raise FolderBusy(path=owner.name)
        connection.commit()
        yield


@contextmanager
def _watching(owner: Address) -> Iterator[set[str]]:
    """Who stood in the way meanwhile, as far as the owner may know: roles and process ids."""
    holders: set[str] = set()
    connections["owner"].ensure_connection()
    ours: int = connections["owner"].connection.info.backend_pid
    over = threading.Event()

    def watch() -> None:
        with suppress(psycopg.Error), owner.connect() as connection:
            connection.autocommit = True
            while not over.wait(0.1):
                rows = connection.execute(
                    "SELECT usename || ' ' || pid FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids(%s))",
                    [ours],
                ).fetchall()
                holders.update(who for (who,) in rows)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield holders
    finally:
        over.set()
        watcher.join(5)


def _invalid_indexes() -> set[str]:
    """What a concurrent build that failed leaves behind."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE NOT i.indisvalid AND c.relkind = 'i' AND c.relnamespace = 'public'::regnamespace"
        )
        return {name for (name,) in cursor.fetchall()}


def _drop_indexes(names: set[str]) -> None:
    with connections["owner"].cursor() as cursor:
        for name in names:
            cursor.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"')
