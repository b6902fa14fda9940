"""Signs of life of the parts that take no requests, kept in Valkey for a few beats. For `readyz` and `up`."""

from functools import cache

import redis
from django.conf import settings

from config.embedded.valkey import SIGN_OF_LIFE

# Seconds between two signs, and how long one counts.
EVERY = 5.0
COUNTS = 20


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def note_alive(part: str) -> None:
    """`part` ("worker", "beat") is alive now. A silent Valkey is its own finding, not the part's end."""
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
