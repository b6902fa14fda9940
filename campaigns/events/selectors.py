"""Questions about what customers did."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connections
from django.db.models import Count, Max

from campaigns.audit.models import SecurityRecord
from campaigns.events.models import Drop, Heard
from campaigns.events.reading import ENDINGS
from campaigns.lib import crypto
from campaigns.lib.clock import FOREVER
from campaigns.tenants.scopes import Scope

NO_ID = UUID(int=0)


class Seen(NamedTuple):
    """One event, of whatever branch it is."""

    id: UUID
    kind: str
    at: datetime
    received_at: datetime
    source: str
    subject: str
    properties: dict[str, Any]


def events_of(
    *, scope: Scope, customer_id: UUID, before: datetime = FOREVER, below: UUID = NO_ID, many: int = 50
) -> list[Seen]:
    """What did this customer do before a moment (and at that very moment, below an id), newest first?

    Nothing, for a customer outside the scope. One query; events told of a customer who was merged into this one are
    among them, and so are those from before the home branch was another.
    """
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            "SELECT id, kind, at, received_at, source, subject, properties::text"
            " FROM events_of_customer(%s, %s, %s, %s)",
            [customer_id, before, below, many],
        )
        return [
            Seen(key, kind, at, received_at, source, subject, _object(text))
            for key, kind, at, received_at, source, subject, text in cursor.fetchall()
        ]


class Source(NamedTuple):
    """A system of the bank. `key_end` tells two secrets apart and says nothing of either; `kinds` empty: all."""

    name: str
    key_end: str
    kinds: tuple[str, ...]
    heard_at: datetime | None
    refused: int
    refused_at: datetime | None


def sources_of(*, scope: Scope, given: Mapping[str, Mapping[str, Any]], days: int = 7) -> list[Source]:
    """Which systems may call, when was each last heard, and how many of its calls were refused lately? Two queries.

    Names that are not registered come last: somebody tries.
    """
    heard = dict(Heard.objects.values_list("source", "at"))
    since = scope.at - timedelta(days=days)
    asked = SecurityRecord.objects.filter(kind="hook.refused", at__gte=since).values("who")
    counted = asked.annotate(many=Count("id"), last=Max("at")).order_by("-many")
    refused = {row["who"]: (row["many"], row["last"]) for row in counted}
    names = [*sorted(given), *[who for who in refused if who not in given][:20]]
    return [
        Source(
            name,
            crypto.lookup_of("events.source", str(given[name].get("secret", ""))).hex()[-6:]
            if name in given
            else "",
            tuple(sorted(given[name].get("kinds", ()))) if name in given else (),
            heard.get(name),
            *refused.get(name, (0, None)),
        )
        for name in names
    ]


class Month(NamedTuple):
    """A month of events as a table. `first` is None for what waits for its month to be made; rows are an estimate."""

    first: date | None
    rows: int
    size: int


def months_kept(*, scope: Scope) -> list[Month]:
    """Which months are there, how many rows have they about, and how many bytes? One query of the catalogue."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute(_MONTHS)
        return [Month(first, rows, size) for first, rows, size in cursor.fetchall()]


_MONTHS = """
SELECT CASE WHEN c.relname ~ '^events_event_[0-9]{4}_[0-9]{2}$' THEN to_date(right(c.relname, 7), 'YYYY_MM') END,
       greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid)
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
 WHERE i.inhparent = 'events_event'::regclass ORDER BY 1 DESC NULLS FIRST
"""


class Lying(NamedTuple):
    """Files in the folder: how many wait, and the names of those that nobody can read (at most 20), newest last."""

    waiting: int
    unreadable: list[str]


def files_lying(*, folder: Path) -> Lying:
    """What lies in the folder of files, and what was put away as unreadable?"""
    if not folder.is_dir():
        return Lying(0, [])
    waiting = sum(1 for each in folder.iterdir() if each.suffix in ENDINGS and each.is_file())
    failed = folder / "failed"
    found = sorted(failed.iterdir(), key=lambda each: each.stat().st_mtime) if failed.is_dir() else []
    return Lying(waiting, [each.name for each in found][-20:])


def file_sources() -> dict[str, tuple[int, datetime]]:
    """Who has told files: how many, and when the last began. One query over the files."""
    rows = Drop.objects.values("source").annotate(many=Count("pk"), last=Max("started_at")).order_by("source")
    return {row["source"]: (row["many"], row["last"]) for row in rows}


def _object(text: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(text)
    return found
