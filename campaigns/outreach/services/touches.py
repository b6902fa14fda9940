"""Asking for touches, and taking back those that wait."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connections

from campaigns.lib.clock import FOREVER
from campaigns.lib.ids import new_id
from campaigns.lib.refusals import NotFound
from campaigns.outreach.kinds import touch_kind
from campaigns.outreach.models import Touch
from campaigns.tenants.scopes import Scope

# No arbiter and nothing returned: a customer may ask, whoever asked before.
_ASK = """
INSERT INTO outreach_touch (id, branch_id, branch_pos, customer_id, kind, purpose, thing, key, words, page, due_at,
                            until, asked_at, state, way, tried, why)
SELECT gen.id, c.branch_id, c.branch_pos, c.id, %(kind)s, %(purpose)s, %(thing)s, %(key)s, %(words)s, %(page)s,
       %(due_at)s, %(until)s, %(at)s, 'waiting', '', '[]', '{}'
  FROM unnest(%(ids)s::uuid[], %(customers)s::uuid[]) AS gen (id, customer_id)
  JOIN customers_customer c ON c.id = gen.customer_id
ON CONFLICT DO NOTHING
"""
_GRANT = """
INSERT INTO outreach_credit (id, branch_id, branch_pos, customer_id, kind, key, granted_at)
SELECT %(id)s, c.branch_id, c.branch_pos, c.id, %(kind)s, %(key)s, %(at)s
  FROM customers_customer c WHERE c.id = %(customer)s
ON CONFLICT DO NOTHING
"""


def ask_touches(
    *,
    scope: Scope,
    customer_ids: list[UUID],
    kind: str,
    thing: str,
    key: str,
    words: Mapping[str, Any],
    due_at: datetime,
    until: datetime = FOREVER,
    page: str = "",
) -> int:
    """Have these customers told of a thing from `due_at` on and before `until`, each once for the key; how many of them
    had not been. Whether, when and which way is decided at the moment of sending (services/sending.py). A customer
    asks for themselves alone, and for what is of purpose "service". Raises KindIsUnknown.
    """
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            _ASK,
            {
                "kind": kind,
                "purpose": touch_kind(kind).purpose,
                "thing": thing,
                "key": key,
                "words": _json(words),
                "page": page,
                "due_at": due_at,
                "until": until,
                "at": scope.at,
                "ids": [new_id() for _each in customer_ids],
                "customers": customer_ids,
            },
        )
        return int(cursor.rowcount)


def ask_touch(*, scope: Scope, customer_id: UUID, **asked: Any) -> bool:
    """One customer's, as `ask_touches`; False when it was asked for before."""
    return ask_touches(scope=scope, customer_ids=[customer_id], **asked) == 1


def cancel_own_touch(*, scope: Scope, key: str) -> bool:
    """The customer wants it no more; False when nothing of the key waits. Asked for again it needs another key."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT cancel_touch(%s)", [key])
        return bool(cursor.fetchone()[0])


def move_touches_of(*, scope: Scope, thing: str, due_at: datetime, until: datetime) -> int:
    """What speaks of `thing` and still waits goes out at another time; how many."""
    scope.demand("outreach.touch.plan")
    waiting = Touch.objects.within(scope).filter(thing=thing, state="waiting")
    return int(waiting.update(due_at=due_at, until=until))


def cancel_touches_of(*, scope: Scope, thing: str) -> int:
    """What speaks of `thing` and still waits is taken back; how many. What is on its way is stopped by its kind's
    `stands`.
    """
    scope.demand("outreach.touch.plan")
    waiting = Touch.objects.within(scope).filter(thing=thing, state="waiting")
    return int(waiting.update(state="cancelled", decided_at=scope.at))


def grant_credit(*, scope: Scope, customer_id: UUID, kind: str, key: str) -> bool:
    """The customer tapped "allow" for one subscribe message of this kind. The same key is one credit; False then.

    Raises KindIsUnknown.
    """
    touch_kind(kind)
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            _GRANT, {"id": new_id(), "kind": kind, "key": key, "customer": customer_id, "at": scope.at}
        )
        return int(cursor.rowcount) == 1


def read_touch(*, scope: Scope, touch_id: UUID) -> None:
    """The customer has read it. Raises NotFound."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT read_touch(%s)", [touch_id])
        if not cursor.fetchone()[0]:
            raise NotFound


def _json(words: Mapping[str, Any]) -> str:
    return orjson.dumps(words).decode()
