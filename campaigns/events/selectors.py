"""Questions about what customers did."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connections

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


def _object(text: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(text)
    return found
