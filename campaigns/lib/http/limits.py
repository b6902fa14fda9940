"""Rate limits in Valkey. They shed load and decide nothing: with Valkey away every request is let through."""

import math
import threading
import time
from functools import cache
from ipaddress import ip_address
from typing import Any, NamedTuple

import redis
import structlog
from django.conf import settings
from django.http import HttpRequest

from campaigns.lib.http.malformed import TooMany

log = structlog.get_logger(__name__)

# The generic cell rate algorithm: one key holds when the bucket will be empty again. Valkey's clock, since those
# of many web machines differ. Returns the seconds to wait, as text, "0" when the request may pass.
_SPEND = """
local t = redis.call('TIME')
local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
local times, seconds = tonumber(ARGV[1]), tonumber(ARGV[2])
local empty_at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = empty_at + seconds / times - seconds - now
if wait > 0 then return string.format('%.6f', wait) end
redis.call('SET', KEYS[1], string.format('%.6f', empty_at + seconds / times), 'EX', math.ceil(seconds) + 1)
return '0'
"""

_PAUSE_SECONDS = 5.0
_TIMEOUT_SECONDS = 0.25


class Limit(NamedTuple):
    """At most `times` in any `seconds`, counted apart by `name`."""

    name: str
    times: int
    seconds: int


class _Valve:
    """After a failure nobody asks for a while: an absent Valkey must not cost every request its time limit."""

    def __init__(self) -> None:
        self._closed_until = 0.0
        self._lock = threading.Lock()

    def is_open(self) -> bool:
        return time.monotonic() >= self._closed_until

    def close(self, error: Exception) -> None:
        with self._lock:
            if self.is_open():
                log.warning("rate_limits_off", seconds=_PAUSE_SECONDS, reason=str(error))
            self._closed_until = time.monotonic() + _PAUSE_SECONDS


_valves: dict[str, _Valve] = {}


@cache
def _script(url: str) -> Any:
    client = redis.Redis.from_url(
        url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS, retry_on_timeout=False
    )
    return client.register_script(_SPEND)


def spend(limit: Limit, who: str) -> int:
    """Count one request of `who`; returns 0, or the whole seconds to wait when it is one too many."""
    if not settings.RATE_LIMITS:
        return 0
    url = settings.REDIS_URL
    valve = _valves.setdefault(url, _Valve())
    if not valve.is_open():
        return 0
    # Installations (and test databases) that share a Valkey do not share limits.
    key = f"limit:{settings.DATABASES['default']['NAME']}:{limit.name}:{who}"
    try:
        return math.ceil(float(_script(url)(keys=[key], args=[limit.times, limit.seconds])))
    except redis.RedisError as error:
        valve.close(error)
        return 0


def demand(limit: Limit, who: str) -> None:
    """Count one request of `who`; raises TooMany with the seconds to wait."""
    if seconds := spend(limit, who):
        raise TooMany(retry_after=seconds)


def address_of(request: HttpRequest) -> str:
    """Where the request came from; "unknown" when nobody says.

    Of the header that proxies write, only what the trusted ones (TRUSTED_PROXIES, how many stand in front) added
    themselves is believed: each appends the address it was called from, so the client's own stands that many
    places from the end. Whoever comes by fewer proxies than that is taken for what the web server sees.
    """
    direct = str(request.META.get("REMOTE_ADDR") or "unknown")
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    if not 0 < settings.TRUSTED_PROXIES <= len(hops):
        return direct
    try:
        return str(ip_address(hops[-settings.TRUSTED_PROXIES]))
    except ValueError:
        return direct


def known_address(request: HttpRequest) -> str | None:
    """Where the request came from, for a record; None when nobody says."""
    address = address_of(request)
    return None if address == "unknown" else address
