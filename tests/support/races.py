"""Many at once: threads with connections of their own, let go together."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections


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
