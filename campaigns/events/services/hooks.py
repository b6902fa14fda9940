"""Calls of the bank's own systems: signed, fresh, and taken once."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import connection, transaction

from campaigns.audit.services import record_security
from campaigns.events.models import Heard, HookNonce
from campaigns.events.refusals import BatchMalformed, HookRepeated, HookStale, HookUnsigned
from campaigns.events.services.events import MOST_OF_HOOK, Outcome, take_outside_events
from campaigns.lib.hooks import signature_of
from campaigns.lib.http.malformed import BodyUnreadable
from campaigns.tenants.scopes import Scope

WINDOW = timedelta(minutes=5)
# How exactly it is known when a source was last heard.
TO_THE_MINUTE = timedelta(minutes=1)
# A nonce is needed as long as its timestamp is taken, on either side of our clock.
KEPT = 2 * WINDOW + timedelta(minutes=1)

_TIMESTAMP = re.compile(r"[0-9]{1,11}", re.ASCII)
_NONCE = re.compile(r"[!-~]{8,128}")


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it came in: headers as they stand, the body's bytes."""

    timestamp: str
    nonce: str
    signature: str
    body: bytes
    address: str | None


def take_hook(*, sources: Mapping[str, Mapping[str, Any]], source: str, call: Call, at: datetime) -> Outcome:
    """Take the events of a signed call. `sources`: name -> {"secret": ..., "kinds": [...] or absent}.

    The nonce and the events are one transaction: a call that failed may be sent again as it is. Raises HookUnsigned,
    HookStale, HookRepeated, BodyUnreadable, BatchMalformed.
    """
    known = sources.get(source, {})
    _check(str(known.get("secret", "")), source, call, at)
    mark = hashlib.sha256(f"{source}\x00{call.nonce}".encode()).digest()
    with transaction.atomic():
        is_first, is_news = _kept(mark, source, at)
        if not is_first:
            raise HookRepeated
        only = frozenset(known["kinds"]) if "kinds" in known else None
        outcome = take_outside_events(
            events=list(enumerate(_events_in(call.body))), door="hook", source=source, at=at, only=only
        )
        if is_news:
            _note_heard(source, at)
        return outcome


def is_first_call(*, source: str, nonce: str, at: datetime) -> bool:
    """Keep the nonce of a call that another room takes; False when it came before. In the transaction of the effect."""
    is_first, is_news = _kept(hashlib.sha256(f"{source}\x00{nonce}".encode()).digest(), source, at)
    if is_first and is_news:
        _note_heard(source, at)
    return is_first


def forget_nonces(*, scope: Scope) -> int:
    """Delete the nonces of calls that are too old to be sent again; how many."""
    scope.demand("events.nonce.delete")
    return HookNonce.objects.filter(seen_at__lt=scope.at - KEPT).delete()[0]


def _check(secret: str, source: str, call: Call, at: datetime) -> None:
    """Raises HookUnsigned and HookStale; a forged call is noted, and outlives the refusal."""
    is_formed = _TIMESTAMP.fullmatch(call.timestamp) and _NONCE.fullmatch(call.nonce)
    # An unknown source costs as much as a wrong signature, and answers the same.
    due = signature_of(
        secret=secret or "nobody", timestamp=call.timestamp, nonce=call.nonce, body=call.body
    ).encode()
    is_right = hmac.compare_digest(due, call.signature.encode())
    if not (secret and is_formed and is_right):
        record_security(kind="hook.refused", at=at, who=source, address=call.address)
        raise HookUnsigned
    if abs(int(call.timestamp) - at.timestamp()) > WINDOW.total_seconds():
        raise HookStale(minutes=int(WINDOW.total_seconds() // 60))


def _kept(mark: bytes, source: str, at: datetime) -> tuple[bool, bool]:
    """Keep the nonce: was it the first of its kind, and was the source last heard a while ago? One query.

    A twin in flight waits here for the first one's end.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH kept AS (INSERT INTO events_hooknonce (mark, seen_at) VALUES (%s, %s)"
            " ON CONFLICT DO NOTHING RETURNING mark)"
            " SELECT EXISTS (SELECT FROM kept),"
            " NOT EXISTS (SELECT FROM events_heard WHERE source = %s AND at > %s)",
            [mark, at, source, at - TO_THE_MINUTE],
        )
        is_first, is_news = cursor.fetchone()
    return is_first, is_news


def _note_heard(source: str, at: datetime) -> None:
    """Last in the transaction, and once a minute: two calls of a source do not wait for each other's events."""
    Heard.objects.bulk_create(
        [Heard(source=source, at=at)], update_conflicts=True, unique_fields=["source"], update_fields=["at"]
    )


def _events_in(body: bytes) -> list[Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BodyUnreadable from None
    events = found.get("events") if type(found) is dict and len(found) == 1 else None
    if type(events) is not list or not 1 <= len(events) <= MOST_OF_HOOK:
        raise BatchMalformed(most=MOST_OF_HOOK)
    return events
