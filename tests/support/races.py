"""Many at once: threads with connections of their own, let go together."""

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, connections


def together(acts: list[Callable[[], Any]]) -> list[Any]:
    """Run all acts at the same time, each on a connection of its own; what each returned or raised, in order."""
    barrier = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(number: int) -> None:
        try:
            barrier.wait(30)
            results[number] = acts[number]()
        except Exception as error:  # noqa: BLE001 - what a rival raised is its result
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "a rival still waits: a deadlock"
    return results


def until_one_sleeps() -> None:
    """Wait until another connection to this database is in pg_sleep; AssertionError when nobody comes to it."""
    with connection.cursor() as cursor:
        for _turn in range(6_000):
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_stat_activity"
                " WHERE wait_event = 'PgSleep' AND datname = current_database() AND pid <> pg_backend_pid())"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.001)
    raise AssertionError("the other side never slept")


def until_one_waits() -> None:
    """Wait until another connection to this database waits for a lock; AssertionError when nobody comes to it."""
    with connection.cursor() as cursor:
        for _turn in range(6_000):
            # Within a transaction the list of connections is the one first asked for: who comes later is not on it.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            # The other workers' databases are on the same server.
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                " WHERE NOT l.granted AND a.datname = current_database())"
            )
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("the other side never waited")
