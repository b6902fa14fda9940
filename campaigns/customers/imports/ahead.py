"""Work done beforehand in a thread while the database is busy with what came before. Never a query in here."""

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Made = TypeVar("Made")
_END: Any = object()


@contextmanager
def ahead(made: Iterable[Made], *, depth: int = 2) -> Iterator[Iterator[Made]]:
    """The same things in the same order, at most `depth` of them made beforehand; an error arrives in its turn."""
    waiting: queue.Queue[Any] = queue.Queue(depth)
    is_over = threading.Event()

    def put(item: Any) -> bool:
        while not is_over.is_set():
            try:
                waiting.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def make() -> None:
        try:
            for item in made:
                if not put((item, None)):
                    return
            put((_END, None))
        except Exception as error:  # noqa: BLE001 - told where it belongs
            put((_END, error))

    def take() -> Iterator[Made]:
        while True:
            item, error = waiting.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item

    maker = threading.Thread(target=make, daemon=True, name="import-ahead")
    maker.start()
    try:
        yield take()
    finally:
        is_over.set()
        maker.join()
