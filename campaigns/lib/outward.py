"""HTTP calls to servers outside, with limits of time and size. No call here may be made inside a transaction."""

import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

# httpx logs whole addresses, and some carry a secret.
logging.getLogger("httpx").setLevel(logging.WARNING)

_MAX_ANSWER = 65_536  # bytes
_MAX_CONNECTIONS = 128


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to connect, of silence, and of a whole call once connected."""

    connect: float
    read: float
    whole: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `body` is cut off nowhere, since longer ones are no answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def as_object(self) -> dict[str, Any]:
        """The body as a JSON object, whatever type it is declared to be. Raises Silent."""
        try:
            found = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise Silent("unreadable") from None
        if not isinstance(found, dict):
            raise Silent("unreadable")
        return found


class Silent(Exception):
    """No whole answer: whether the server did what was asked is not known. The text is a short reason."""


_clients: dict[tuple[int, str], httpx.Client] = {}
_lock = threading.Lock()


def _client(url: str) -> httpx.Client:
    """One client of the process for each server: its connections are kept between calls."""
    parts = urlsplit(url)
    # A forked process must not share its parent's connections.
    place = (os.getpid(), f"{parts.scheme}://{parts.netloc}")
    found = _clients.get(place)
    if found is None:
        with _lock:
            found = _clients.get(place)
            if found is None:
                limits = httpx.Limits(max_connections=_MAX_CONNECTIONS, max_keepalive_connections=32)
                found = _clients[place] = httpx.Client(limits=limits, headers={"User-Agent": "fenhang"})
    return found


def close_clients() -> None:
    """Close every kept connection; the next call opens new ones."""
    with _lock:
        for client in _clients.values():
            client.close()
        _clients.clear()


def call(
    method: str,
    url: str,
    *,
    limits: Limits,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    most: int = _MAX_ANSWER,
) -> Answer:
    """One call; redirects are not followed. An answer of more than `most` bytes is none. Raises Silent."""
    until = time.monotonic() + limits.connect + limits.whole
    timeout = httpx.Timeout(limits.read, connect=limits.connect, pool=limits.connect)
    try:
        with _client(url).stream(
            method, url, content=content, headers=headers, params=params, timeout=timeout
        ) as response:
            body = b""
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > most:
                    raise Silent("answer too long")
                if time.monotonic() > until:
                    raise Silent("answer too slow")
            return Answer(response.status_code, response.headers, body)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Silent(type(error).__name__) from error
