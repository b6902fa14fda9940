"""Workers that are killed in tests: what they began is over before anybody looks at what they left."""

import os
import signal
import time
from typing import NoReturn

from django.db import connection

from tests.support.processes import wait_until


def die() -> NoReturn:
    """Kill this process, and let the thread that asks for it do nothing more."""
    os.kill(os.getpid(), signal.SIGKILL)
    while True:  # the signal may arrive by way of another thread, a little later
        time.sleep(1)


def until_the_dead_are_gone() -> None:
    """Wait until no other connection of ours is in a transaction; AssertionError when one stays.

    The server may still carry out what a dead process sent last, a COMMIT among others: who looks with two statements
    meanwhile sees a half that never was.
    """
    assert wait_until(lambda: not _others_at_work(), within=20), "a connection of the dead is still at work"


def _others_at_work() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND usename = current_user AND pid <> pg_backend_pid() AND xact_start IS NOT NULL)"
        )
        return bool(cursor.fetchone()[0])
