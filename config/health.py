"""Is it running (`healthz`), and can it serve (`readyz`)? For load balancers and for `manage.py up`."""

from collections.abc import Callable
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns.tenants.middleware import own_scope
from config.running import heartbeats

OLDEST_SERVER = 180000


@own_scope
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 whenever this process answers; asks nothing of any other part."""
    return HttpResponse("ok\n", content_type="text/plain")


@own_scope
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Each part's state; 503 when one is not ready. Tells no reasons: anyone may ask."""
    parts = {name: _answers(probe) for name, probe in _PROBES.items()}
    is_ready = all(answers for name, answers in parts.items() if name not in _NOT_TO_SERVE)
    states = {name: "ready" if answers else "unavailable" for name, answers in parts.items()}
    return JsonResponse({"ready": is_ready, "parts": states}, status=200 if is_ready else 503)


def _answers(probe: Callable[[], bool]) -> bool:
    try:
        return probe()
    except (psycopg.Error, redis.RedisError, OSError):
        return False


def _database() -> bool:
    """A connection of its own: a pool that is exhausted by slow requests is not a database that is down."""
    found: dict[str, Any] = settings.DATABASES["default"]
    with psycopg.connect(
        dbname=found["NAME"],
        user=found["USER"],
        password=found["PASSWORD"],
        host=found["HOST"],
        port=found["PORT"],
        connect_timeout=2,
        autocommit=True,
    ) as connection:
        return connection.info.server_version >= OLDEST_SERVER


# Told, but without these everybody is served all the same.
_NOT_TO_SERVE = {"heavy", "outbox"}
_PROBES: dict[str, Callable[[], bool]] = {
    "database": _database,
    "valkey": heartbeats.is_answering,
    "worker": lambda: heartbeats.is_alive("worker"),
    "heavy": lambda: heartbeats.is_alive("heavy"),
    "outbox": lambda: heartbeats.is_alive("outbox"),
    "beat": lambda: heartbeats.is_alive("beat"),
}
