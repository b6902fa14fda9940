"""Heartbeats over HTTP: those that arrive together share one statement and one commit (campaigns/lib/gathering.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import InterfaceError, OperationalError, connection

from campaigns.lib.gathering import Gathering
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.tenants.scopes import ScopeClosed
from community.livestreams.refusals import NotOn

MOST = 256
_WATCH = "SELECT place, word, state, seconds FROM watch_livestreams(%s, %s::jsonb)"


@dataclass(frozen=True, slots=True)
class Beat:
    """One customer watches: `seconds` since the phone's last beat, `position` in the stream in seconds."""

    customer_id: UUID
    livestream_id: UUID
    at: datetime
    seconds: int
    position: int


@dataclass(frozen=True, slots=True)
class Watched:
    """What the bank has credited so far, in seconds, and how far the livestream is."""

    state: str
    seconds: int


def watch_livestream(*, beat: Beat) -> Watched:
    """Note that somebody watches; outside of any scope or transaction. Leaves no line in the audit: nobody's deed.

    Raises ScopeClosed for a customer who is not active, NotFound, NotOn.
    """
    outcome = _TOGETHER.submit(beat)
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def watch_all(*, beats: Sequence[Beat]) -> list[Watched | Refusal]:
    """The outcome of each of these beats, in their order; each customer once."""
    return _watch_all(beats)


def _watch_all(beats: Sequence[Beat]) -> list[Watched | Refusal]:
    asks = [
        {
            "place": place,
            "customer": beat.customer_id,
            "stream": beat.livestream_id,
            "seconds": beat.seconds,
            "position": beat.position,
        }
        for place, beat in enumerate(beats, 1)
    ]
    parameters = [max(beat.at for beat in beats), orjson.dumps(asks).decode()]
    rows = {place: (word, state, seconds) for place, word, state, seconds in _asked(parameters)}
    return [_said(*rows[place]) for place in range(1, len(beats) + 1)]


def _asked(parameters: list[Any]) -> list[tuple[int, str | None, str, int]]:
    """Without first asking whether the connection lives: a dead one is found out by the call, and a beat that is
    noted twice is credited once, since the bank's clock decides.
    """
    if not connection.in_atomic_block:
        connection.health_check_done = True  # type: ignore[attr-defined]
        try:
            return _rows(parameters)
        except (OperationalError, InterfaceError):
            connection.close()
    return _rows(parameters)


def _rows(parameters: list[Any]) -> list[tuple[int, str | None, str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_WATCH, parameters)
        rows: list[tuple[int, str | None, str, int]] = cursor.fetchall()
        return rows


def _said(word: str | None, state: str, seconds: int) -> Watched | Refusal:
    if word is None:
        return Watched(state, seconds)
    if word == "closed":
        return ScopeClosed()
    return NotOn() if word == "not_on" else NotFound()


_TOGETHER: Gathering[Beat, Watched | Refusal] = Gathering(
    _watch_all, most=MOST, apart=lambda b: b.customer_id
)
