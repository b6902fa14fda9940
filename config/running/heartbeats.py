"""Signs of life of the parts that take no requests: in Valkey for `readyz`, as it is asked about every machine; in a
file for the supervisor on this one, which must not take a part for dead because Valkey or the site is.
"""

import contextlib
import os
from functools import cache
from pathlib import Path

import redis
from django.conf import settings

from config.embedded.valkey import SIGN_OF_LIFE
from config.running.signs import COUNTS, FOLDER


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def note_alive(part: str) -> None:
    """`part` ("worker", "heavy", "outbox" or "beat") lives. A silent Valkey is its own finding, not the part's end."""
    folder = os.environ.get(FOLDER)
    if folder:
        with contextlib.suppress(OSError):
            (Path(folder) / part).touch()
    try:
        _client().set(SIGN_OF_LIFE.format(part), "1", ex=COUNTS)
    except redis.RedisError:
        return


def is_alive(part: str) -> bool:
    """Did any `part` give a sign lately? Raises redis.RedisError when Valkey does not answer."""
    return bool(_client().exists(SIGN_OF_LIFE.format(part)))


def forget(part: str) -> None:
    """A sign of an earlier run does not count for this one."""
    _client().delete(SIGN_OF_LIFE.format(part))


def is_answering() -> bool:
    """Does Valkey answer? Raises redis.RedisError with the reason when not."""
    return bool(_client().ping())


def queue_length(queue: str) -> int:
    """How many messages to workers wait in `queue`? Raises redis.RedisError."""
    return int(_client().llen(queue))
