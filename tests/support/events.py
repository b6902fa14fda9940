"""Events as phones, the bank's core and files tell them."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import connection
from django.test import Client

from campaigns.events.rules import first_id_at
from campaigns.lib.clock import now
from campaigns.lib.hooks import NONCE, SIGNATURE, TIMESTAMP, signature_of
from campaigns.lib.http import tokens
from campaigns.lib.ids import new_id
from campaigns.tenants.scopes import system_scope
from tests.support.calls import Caller
from tests.support.cast import CustomerPlayer

SECRET = "core and we"
SOURCES = {"core": {"secret": SECRET, "kinds": ["core.bought", "core.paid", "app.logged_in"]}}
ITEM = "content.item:01930000-0000-7000-8000-000000000001"


def id_at(moment: datetime) -> str:
    """A fresh id of that moment."""
    low = first_id_at(moment).int
    return str(type(new_id())(int=low | new_id().int & ((1 << 80) - 1)))


def viewed(made: datetime | None = None, **more: Any) -> dict[str, Any]:
    """One content item read for 35 seconds, as a phone tells it; `made` is the moment of its id, or now."""
    event: dict[str, Any] = {
        # By the clock of the tests, which stands still while the days go by; a phone's id is of its own clock.
        "id": id_at(made or now()),
        "kind": "content.viewed",
        "subject": ITEM,
        "properties": {"seconds": 35, "percent": 80},
    }
    return event | more


def bought(number: str, key: str = "t-1", at: datetime | None = None, **more: Any) -> dict[str, Any]:
    """A wealth product for ¥52,000, as the core tells it."""
    event: dict[str, Any] = {
        "id": key,
        "kind": "core.bought",
        "at": (at or now()).isoformat(),
        "customer_number": number,
        "properties": {"amount_fen": 52_000_00, "product_class": "wealth"},
    }
    return event | more


def phone(customer: CustomerPlayer) -> Caller:
    return Caller(tokens.issue(kind="customer", subject=str(customer.customer.pk), seconds=900))


def tell(customer: CustomerPlayer, *events: Any) -> Any:
    """What the phone is answered."""
    return phone(customer).post("/api/v1/events", {"events": list(events)})


def call_hook(
    body: Any,
    *,
    source: str = "core",
    secret: str = SECRET,
    at: datetime | None = None,
    nonce: str = "",
    **headers: str,
) -> Any:
    """A signed call; `body` is made JSON, unless it is bytes already."""
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    timestamp, nonce = str(int((at or now()).timestamp())), nonce or secrets.token_hex(16)
    signature = signature_of(secret=secret, timestamp=timestamp, nonce=nonce, body=raw)
    return Client(raise_request_exception=False).post(
        f"/api/v1/hooks/{source}",
        raw,
        content_type="application/json",
        headers={TIMESTAMP: timestamp, NONCE: nonce, SIGNATURE: signature} | headers,
    )


def stored() -> list[dict[str, Any]]:
    """Every event there is, oldest id first, with the partition it lies in."""
    columns = "tableoid::regclass::text AS part, id::text, customer_id, recorded_of, branch_id, branch_pos, kind, at, "
    with system_scope(at=now(), cause="test"), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} told_at, source, subject, properties::text FROM events_event ORDER BY id"
        )
        names = [column.name for column in cursor.description or ()]
        return [
            {**dict(zip(names, row, strict=True)), "properties": orjson.loads(row[-1])}
            for row in cursor.fetchall()
        ]


def days_ago(days: float) -> datetime:
    return now() - timedelta(days=days)
