"""How often each "no" was said of a batch, counted in Valkey and written down by a sweep.

A refusal must cost nothing that a crowd would feel, and outlive its transaction, which is rolled back. A row on a
second connection would be a commit for each, all of them at one hot row; here it is one command, given up after a
quarter of a second and not asked for again for a while. What Valkey loses within the minute is not counted, and nothing
depends on it.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

import redis
import structlog
from django.conf import settings

from campaigns.lib.refusals import Refusal

log = structlog.get_logger(__name__)

_TIMEOUT_SECONDS = 0.25
_PAUSE_SECONDS = 5.0
_KEEP_SECONDS = 7 * 86_400
# Read and emptied in one step: what is counted meanwhile begins anew.
_TAKE = "local all = redis.call('HGETALL', KEYS[1]) redis.call('DEL', KEYS[1]) return all"

_closed_until = 0.0
_lock = threading.Lock()


@cache
def _client(url: str) -> Any:
    return redis.Redis.from_url(
        url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS, retry_on_timeout=False
    )


def _key() -> str:
    # Installations (and test databases) that share a Valkey do not share counts.
    return f"refusals:{settings.DATABASES['default']['NAME']}"


def count(deed: str, batch_id: UUID, code: str, *, at: datetime, number: int = 1) -> None:
    """Count `number` refusals ("claim", "grant", "redeem") of a batch by the refusal's code. Never fails."""
    global _closed_until
    if time.monotonic() < _closed_until:
        return
    day = at.astimezone(UTC).date().isoformat()
    try:
        pipe = _client(settings.REDIS_URL).pipeline(transaction=False)
        pipe.hincrby(_key(), f"{batch_id}|{day}|{deed}|{code}", number)
        pipe.expire(_key(), _KEEP_SECONDS)
        pipe.execute()
    except redis.RedisError as error:
        with _lock:
            _closed_until = time.monotonic() + _PAUSE_SECONDS
        log.warning("refusals_not_counted", seconds=_PAUSE_SECONDS, reason=str(error))


@contextmanager
def counted(deed: str, batch: UUID | Callable[[], UUID | None], *, at: datetime) -> Iterator[None]:
    """Count the refusal that the block raises. `batch`: of which, or who knows; None: of none that there is."""
    try:
        yield
    except Refusal as refusal:
        batch_id = batch() if callable(batch) else batch
        if batch_id is not None:
            count(deed, batch_id, refusal.code, at=at)
        raise


def taken() -> list[tuple[UUID, str, str, str, int]]:
    """What was counted since it was last asked: (batch, day, deed, code, how often). Empties it."""
    try:
        flat = _client(settings.REDIS_URL).eval(_TAKE, 1, _key())
    except redis.RedisError as error:
        log.warning("refusals_not_taken", reason=str(error))
        return []
    fields = [each.decode() for each in flat]
    rows = []
    for name, number in zip(fields[::2], fields[1::2], strict=True):
        batch, day, deed, code = name.split("|")
        rows.append((UUID(batch), day, deed, code, int(number)))
    return rows
