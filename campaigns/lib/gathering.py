"""Group commit: what arrives together is done together, by one of those who came.

    TAKING = Gathering(take_all, most=32)
    ...
    outcome = TAKING.submit(mine)        # in any thread: `take_all` is called with all that wait, and answers in order

Nobody waits for company: who comes while nobody works begins at once, and those who come meanwhile are the next lot. A
transaction's fixed price (a round trip, the log's flush) is then paid once for a lot, the more so the busier it is.
"""

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


@dataclass(eq=False, slots=True)
class _Place(Generic[T, R]):
    """One item on its way. Its owner sleeps on `turn`, and wakes with an outcome or as the next to lead."""

    item: T
    turn: threading.Event = field(default_factory=threading.Event)
    is_done: bool = False
    outcome: R | None = None
    error: BaseException | None = None


class Gathering(Generic[T, R]):
    """See above. `act` gets at most `most` items and answers as many outcomes. Of items that `apart` calls the same
    only one is in a lot; the others are in the next ones, in their order.

    Where `act` raises for several, each is tried alone, so that one bad item spoils no other; so `act` must be whole or
    nothing, and safe to repeat.
    """

    def __init__(
        self,
        act: Callable[[Sequence[T]], Sequence[R]],
        *,
        most: int,
        apart: Callable[[T], Hashable] | None = None,
    ) -> None:
        self._act = act
        self._most = most
        self._apart = apart
        self._lock = threading.Lock()
        self._waiting: list[_Place[T, R]] = []
        self._is_led = False

    def submit(self, item: T) -> R:
        """The outcome of `item`. Raises what `act` raises for it alone."""
        place: _Place[T, R] = _Place(item)
        with self._lock:
            self._waiting.append(place)
            leads, self._is_led = not self._is_led, True
        if not leads:
            place.turn.wait()
        if not place.is_done:
            self._lead()
        if place.error is not None:
            raise place.error
        return place.outcome  # type: ignore[return-value]

    def _lead(self) -> None:
        """Do what waits, oneself among it as the first, and hand over to the first of those who came meanwhile."""
        with self._lock:
            lot, self._waiting = self._next_lot()
        try:
            self._do(lot)
        finally:
            with self._lock:
                heir = self._waiting[0] if self._waiting else None
                self._is_led = heir is not None
            for place in lot:
                place.is_done = True
                place.turn.set()
            if heir is not None:
                heir.turn.set()

    def _next_lot(self) -> tuple[list[_Place[T, R]], list[_Place[T, R]]]:
        """Who is done now, and who waits on."""
        if self._apart is None:
            return self._waiting[: self._most], self._waiting[self._most :]
        lot: list[_Place[T, R]] = []
        rest: list[_Place[T, R]] = []
        taken: set[Hashable] = set()
        for place in self._waiting:
            what = self._apart(place.item)
            if len(lot) < self._most and what not in taken:
                lot.append(place)
            else:
                rest.append(place)
            taken.add(what)
        return lot, rest

    def _do(self, lot: Sequence[_Place[T, R]]) -> None:
        try:
            for place, outcome in zip(lot, self._act([place.item for place in lot]), strict=True):
                place.outcome = outcome
        except Exception as error:  # noqa: BLE001 - it is raised again, to whom it belongs
            if len(lot) == 1:
                lot[0].error = error
                return
            for place in lot:
                self._do([place])
        except BaseException:
            # Who leads is being stopped: the others must not take silence for an outcome.
            for place in lot:
                place.error = place.error or RuntimeError("the lot was not finished")
            raise
