"""What changed since a process last asked: no prepared page is older than a second.

Asking is one short query. A thread does it twice a second while pages are asked for; a request that finds the last
answer too old asks itself, so that a thread that hangs, or a database that does not answer, is never hidden.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import structlog
from django.conf import settings
from django.db import Error, connection, connections

log = structlog.get_logger(__name__)

EVERY = 0.4  # seconds between two questions of the thread
IDLE = 10.0  # seconds without a request after which the thread ends
# Seconds after which changes may be forgotten by the database (sql_delivery.FORGET keeps them for ten minutes).
LOST = 60.0
# Above any transaction there will be: only where to begin is asked.
_NOW = "18446744073709551615"


@dataclass(frozen=True, slots=True)
class Stir:
    """One change: of a branch's published copies, of a customer, or ("all") of anything."""

    kind: str
    branch_id: int | None
    customer_id: UUID | None


class Feed:
    """The changes, told in order to `hear`; `forget` is called when some may have been missed."""

    def __init__(
        self, *, hear: Callable[[Stir], None], forget: Callable[[], None], each_turn: Callable[[], None]
    ):
        self._hear, self._forget, self._each_turn = hear, forget, each_turn
        self._lock = threading.Lock()
        self._since = _NOW
        self._seen: dict[int, int] = {}
        self._asked_at = float("-inf")  # when the last question that was answered began
        self._wanted_at = float("-inf")
        self._thread: threading.Thread | None = None

    def demand(self) -> None:
        """Have everything heard that was committed a second ago or earlier. Raises what the database raises."""
        self._wanted_at = time.monotonic()
        if self._wanted_at - self._asked_at < self.age:
            return
        with self._lock:
            if time.monotonic() - self._asked_at >= self.age:
                self._ask()
        self._keep_asking()

    @property
    def age(self) -> float:
        """How old an answer may be, seconds."""
        return float(settings.HOME_PAGE_AGE)

    def reset(self) -> None:
        """Begin anew, as a new process does."""
        with self._lock:
            self._since, self._asked_at = _NOW, float("-inf")
            self._seen.clear()
            self._forget()

    def _ask(self) -> None:
        began = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, kind, branch_id, customer_id, xid::text FROM content_stirs(%s::xid8)",
                [self._since],
            )
            rows = cursor.fetchall()
        if self._since == _NOW or began - self._asked_at > LOST:
            self._forget()
            self._seen.clear()
        for number, kind, branch_id, customer_id, xid in rows:
            if kind is None:
                self._since = xid
            elif number not in self._seen:
                self._seen[number] = int(xid)
                self._hear(Stir(kind, branch_id, customer_id))
        first = int(self._since)
        for number in [each for each, xid in self._seen.items() if xid < first]:
            del self._seen[number]
        self._asked_at = began

    def _keep_asking(self) -> None:
        if self.age and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._run, daemon=True, name="content-stirs")
            self._thread.start()

    def _run(self) -> None:
        try:
            while time.monotonic() - self._wanted_at < IDLE:
                time.sleep(EVERY)
                try:
                    with self._lock:
                        self._ask()
                    self._each_turn()
                except Error as error:
                    # Requests notice by themselves that the last answer is old.
                    log.warning("content_stirs_unanswered", reason=str(error))
                    connections["default"].close()
        finally:
            connections["default"].close()
