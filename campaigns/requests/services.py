"""The only writers of request keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from django.db import connections
from django.db.models import Q
from django.db.utils import OperationalError
from psycopg.errors import LockNotAvailable

from campaigns.lib.ids import new_id
from campaigns.requests.models import RequestKey
from campaigns.requests.rules import KEPT, PATIENCE, KeyInUse, KeyReused
from campaigns.tenants.scopes import Scope


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as it went out."""

    status: int
    headers: Mapping[str, str]
    body: bytes


# The unique key makes a twin wait for the first one's transaction; lock_timeout ends the wait. One message.
_TAKE = """
SELECT set_config('app.lock_timeout_before', current_setting('lock_timeout'), true),
       set_config('lock_timeout', %s, true);
INSERT INTO requests_requestkey
    (id, branch_id, branch_pos, caller_kind, caller, route, key, fingerprint, made_at, headers)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, '{}')
ON CONFLICT (caller, route, key) DO NOTHING;
SELECT set_config('lock_timeout', current_setting('app.lock_timeout_before'), true)
"""


def take_key(
    *, scope: Scope, route: str, key: str, fingerprint: bytes, patience: float = PATIENCE
) -> UUID | Answer:
    """Take the key for this request: returns its row's id, or the answer it got before.

    Needs a savepoint around it that ends when this raises. Raises KeyReused for another request's key, KeyInUse
    when a twin is still in flight after `patience` seconds.
    """
    caller = scope.customer_id or scope.person_id
    if caller is None:
        raise ValueError("request keys belong to customers and staff")
    taken = new_id()
    facts = (taken, scope.branch_id, scope.branch_pos, scope.kind, caller, route, key, fingerprint, scope.at)
    try:
        with connections[scope.using].cursor() as cursor:
            cursor.execute(_TAKE, [f"{int(patience * 1000)}ms", *facts])
            cursor.nextset()
            if cursor.rowcount == 1:
                return taken
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise KeyInUse(retry_after=1) from error
        raise
    # The moment of a waiting twin lies before the row it waited for; only age beyond KEPT matters here.
    mine = RequestKey.objects.filter(caller=caller, route=route, key=key)
    old = Q(made_at__lte=scope.at - KEPT)
    if found := mine.filter(~old).first():
        if bytes(found.fingerprint) != fingerprint or found.status is None:
            raise KeyReused
        return Answer(found.status, found.headers, bytes(found.body or b""))
    # Kept long enough and not swept yet: as good as absent. The guard in the WHERE lets one twin through.
    fresh = {"fingerprint": fingerprint, "made_at": scope.at, "status": None, "headers": {}, "body": None}
    if stale := mine.filter(old).values_list("pk", flat=True).first():
        if RequestKey.objects.filter(old, pk=stale).update(**fresh) == 1:
            return stale
        raise KeyInUse(retry_after=1)
    # Taken where this scope cannot see it: the same person, acting at another branch.
    raise KeyReused


def keep_answer(*, scope: Scope, taken: UUID, answer: Answer) -> None:
    """Store what was answered under the key taken."""
    changed = RequestKey.objects.filter(pk=taken, status=None).update(
        status=answer.status, headers=dict(answer.headers), body=answer.body
    )
    if changed != 1:
        raise RuntimeError("the request key that was taken is gone")


@dataclass(frozen=True, slots=True)
class Kept:
    """One customer's answer under its key, for `keep_answers`; `branch_id` and `branch_pos` are of the home branch."""

    customer_id: UUID
    branch_id: int
    branch_pos: int
    key: str
    fingerprint: bytes
    answer: Answer


def keep_answers(*, route: str, at: datetime, kept: Sequence[Kept]) -> None:
    """Store what was answered to many customers, within the transaction that did it and outside any scope.

    Raises IntegrityError when one of the keys was taken meanwhile: what the transaction wrote must go with it.
    """
    answers = [
        {
            "id": new_id(),
            "caller": each.customer_id,
            "branch": each.branch_id,
            "place": each.branch_pos,
            "key": each.key,
            "print": each.fingerprint.hex(),
            "status": each.answer.status,
            "headers": dict(each.answer.headers),
            "body": each.answer.body.decode(),
        }
        for each in kept
    ]
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT keep_answers(%s, %s, %s::jsonb)", [route, at, orjson.dumps(answers).decode()])


def purge_keys(*, scope: Scope, at: datetime, limit: int = 5000) -> int:
    """Delete keys that were kept long enough, at most `limit`; returns how many. Safe side by side."""
    scope.demand("requests.key.purge")
    due = RequestKey.objects.within(scope).filter(made_at__lte=at - KEPT).order_by("made_at")
    ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
    deleted, _each = RequestKey.objects.filter(pk__in=ids).delete()
    return deleted


def forget_callers(*, scope: Scope, callers: Sequence[UUID]) -> int:
    """Delete every key and answer of these callers, who are no more; returns how many."""
    scope.demand("requests.key.forget")
    rows = RequestKey.objects.within(scope).filter(caller__in=list(callers))
    deleted, _each = rows.delete()
    return deleted
