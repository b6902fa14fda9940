"""Putting messages into the outbox, and what people do with those that did not get through."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from celery import current_app
from django.db import connections, transaction

from campaigns.audit.services import record
from campaigns.jobs.adapters import Adapter, adapters
from campaigns.jobs.outbox_models import Gate, Message
from campaigns.jobs.outbox_rules import (
    KEEP_BODIES,
    BodyHasPersonalNumber,
    GateState,
    MessageIsNotDead,
    MessageIsOver,
    ShutByHand,
    UnknownAdapter,
    has_personal_number,
    opened_by_staff,
    shut_by_staff,
    words_of,
)
from campaigns.jobs.outbox_selectors import message_in_scope, message_with_key, state_of
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope

TASK = "jobs.deliver"
State = Message.State

# A message's place is drawn behind the lock of its subject, which is held until the commit: places stand in the order
# of committing, and nobody sees the second of two before the first. Only where a dead one holds up the rest: elsewhere
# two changes at the same time have no order. In the order of their keys, so that two writers never wait for each other.
_LOCK = """
locks AS MATERIALIZED (
    SELECT count(pg_advisory_xact_lock(line)) FROM (SELECT DISTINCT line FROM given ORDER BY line) o
     WHERE %(is_strict)s
)"""
# No arbiter of the conflict and nothing returned: a customer may put, and reads no message.
_PUT = f"""
WITH given AS MATERIALIZED (
    SELECT *, hashtextextended(concat_ws(':', 'jobs_message', %(adapter)s, %(account)s, subject), 0) AS line
      FROM unnest(%(ids)s::uuid[], %(subjects)s::text[], %(keys)s::text[], %(bodies)s::jsonb[],
                         %(hashes)s::text[], %(branches)s::int[], %(positions)s::int[])
           WITH ORDINALITY g (id, subject, key, body, sha256, branch_id, branch_pos, nth)
), {_LOCK}
INSERT INTO jobs_message (id, branch_id, branch_pos, adapter, account, subject, key, line, body, sha256, state,
                          ready_at, tries, lost, answer, why, at)
SELECT g.id, g.branch_id, g.branch_pos, %(adapter)s, %(account)s, g.subject, g.key, g.line, g.body, g.sha256,
       'waiting', %(ready_at)s, 0, 0, '{{}}', '{{}}', %(at)s
  FROM given g, locks ORDER BY g.nth
ON CONFLICT DO NOTHING
"""  # noqa: S608 - made of our own text

# Fields that the adapter keeps stay; the rest goes. Any number may sweep side by side.
_EMPTY = """
WITH over AS (
    SELECT id FROM jobs_message WHERE state IN ('sent', 'cancelled') AND emptied_at IS NULL AND ended_at < %(before)s
     ORDER BY ended_at LIMIT %(at_most)s FOR UPDATE SKIP LOCKED
)
UPDATE jobs_message m
   SET body = coalesce((SELECT jsonb_object_agg(f.key, f.value) FROM jsonb_each(m.body) f
                         WHERE f.key = ANY (SELECT jsonb_array_elements_text(%(keeps)s::jsonb -> m.adapter))), '{}'),
       answer = '{}', emptied_at = %(at)s
  FROM over WHERE m.id = over.id
"""


# Whoever is forgotten gets nothing more, and what was written to them is emptied like what is long over.
_FORGET = """
UPDATE jobs_message m
   SET state = CASE m.state WHEN 'waiting' THEN 'cancelled' ELSE m.state END,
       ended_at = coalesce(m.ended_at, CASE m.state WHEN 'waiting' THEN %(at)s::timestamptz END),
       body = coalesce((SELECT jsonb_object_agg(f.key, f.value) FROM jsonb_each(m.body) f
                         WHERE f.key = ANY (SELECT jsonb_array_elements_text(%(keeps)s::jsonb -> m.adapter))), '{}'),
       answer = '{}', emptied_at = %(at)s
 WHERE m.body ->> 'to' = ANY (%(to)s) AND m.emptied_at IS NULL AND m.state <> 'sending'
"""


class Note(NamedTuple):
    """One message to put: what it is about, its effect key, and what the receiver gets.

    `branch_id` and `branch_pos` are those of the thing, the scope's own when left out.
    """

    subject: str
    key: str
    body: Mapping[str, Any]
    branch_id: int | None = None
    branch_pos: int | None = None


def put(
    *,
    scope: Scope,
    adapter: str,
    subject: str,
    key: str,
    body: Mapping[str, Any],
    account: str = "",
    at: datetime | None = None,
    branch_id: int | None = None,
    branch_pos: int | None = None,
) -> Message:
    """Have `body` delivered by `adapter` from `at` on (now, when left out), if this transaction commits.

    The same key for the same account twice is one message, the first. `subject` is a reference: what one account is
    told of it goes out in order.
    `body` names people by reference; it goes over the line as JSON. Where the reader may not see the message that was
    put (customers; a twin of another branch), what is returned only says what was asked. Raises UnknownAdapter,
    BodyHasPersonalNumber.
    """
    note = Note(subject, key, body, branch_id, branch_pos)
    made = _put(scope, _adapter(adapter), [note], account, at)
    found = (
        None
        if scope.kind == "customer"
        else message_with_key(scope=scope, adapter=adapter, account=account, key=key)
    )
    return found or made[0]


def put_many(
    *, scope: Scope, adapter: str, notes: Sequence[Note], account: str = "", at: datetime | None = None
) -> None:
    """Put many messages of one account, a thousand a statement. Raises as `put` does, and then none is put."""
    chosen = _adapter(adapter)
    for first in range(0, len(notes), 1000):
        _put(scope, chosen, notes[first : first + 1000], account, at)


def _adapter(code: str) -> Adapter:
    try:
        return adapters()[code]
    except KeyError:
        raise UnknownAdapter(adapter=code) from None


def _put(
    scope: Scope, adapter: Adapter, notes: Sequence[Note], account: str, at: datetime | None
) -> list[Message]:
    made = []
    for note in notes:
        if has_personal_number(note.body):
            raise BodyHasPersonalNumber
        text = orjson.dumps(note.body, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
        made.append(
            Message(
                id=new_id(),
                branch_id=scope.branch_id if note.branch_id is None else note.branch_id,
                branch_pos=scope.branch_pos if note.branch_pos is None else note.branch_pos,
                adapter=adapter.code,
                account=account,
                subject=note.subject,
                key=note.key,
                body=text.decode(),
                sha256=hashlib.sha256(text).hexdigest(),
                ready_at=at or scope.at,
                at=scope.at,
            )
        )
    given: dict[str, Any] = {
        "adapter": adapter.code,
        "account": account,
        "is_strict": adapter.terms.order == "strict",
        "ready_at": at or scope.at,
        "at": scope.at,
        "ids": [each.id for each in made],
        "subjects": [each.subject for each in made],
        "keys": [each.key for each in made],
        "bodies": [each.body for each in made],
        "hashes": [each.sha256 for each in made],
        "branches": [each.branch_id for each in made],
        "positions": [each.branch_pos for each in made],
    }
    with connections[scope.using].cursor() as cursor:
        cursor.execute(_PUT, given)
    for message, note in zip(made, notes, strict=True):
        message.body = note.body
    nudge(using=scope.using)
    return made


def nudge(*, using: str = "default") -> None:
    """Once for a transaction, when it commits. Only a nudge: the row is what counts, and a ticker asks anyway."""
    waiting: Any = connections[using]
    if not any(act is _nudge for _savepoints, act, _robust in waiting.run_on_commit):
        transaction.on_commit(_nudge, using=using, robust=True)


def _nudge() -> None:
    current_app.send_task(TASK, retry=False, ignore_result=True, expires=10)


# --- what people do ---


def resend_message(*, scope: Scope, message_id: UUID | str) -> Message:
    """Try a dead message again from now on, with all its tries, under the same key and in its old place.

    Raises NotFound, MessageIsNotDead.
    """
    scope.demand("jobs.message.resend")
    message = message_in_scope(scope=scope, message_id=message_id, lock=True)
    if message.state != State.DEAD:
        raise MessageIsNotDead
    tries = message.tries
    _change(message, state=State.WAITING, ready_at=scope.at, tries=0, lost=0, ended_at=None)
    _note(scope, message, "resend", tries=tries, reason=message.why.get("zh", ""))
    nudge(using=scope.using)
    return message


def cancel_message(*, scope: Scope, message_id: UUID | str, reason: str) -> Message:
    """Give up a message that waits or is dead; whatever stood behind it goes on. Raises NotFound, MessageIsOver."""
    scope.demand("jobs.message.cancel")
    message = message_in_scope(scope=scope, message_id=message_id, lock=True)
    if message.state not in {State.WAITING, State.DEAD}:
        raise MessageIsOver
    _change(message, state=State.CANCELLED, ended_at=scope.at)
    _note(scope, message, "give_up", reason=reason.strip())
    nudge(using=scope.using)
    return message


def shut_gate(*, scope: Scope, gate_id: UUID | str) -> Gate:
    """Let nothing pass to this account until somebody opens it; what is on its way arrives. Raises NotFound."""
    scope.demand("jobs.gate.shut")
    words = words_of(ShutByHand(who=scope.facts.actor_name or "–"))
    return _turn(scope, gate_id, shut_by_staff, "shut", why=words)


def open_gate(*, scope: Scope, gate_id: UUID | str) -> Gate:
    """Let messages pass again now, whatever shut it. Raises NotFound."""
    scope.demand("jobs.gate.open")
    gate = _turn(scope, gate_id, opened_by_staff, "open", why={})
    nudge(using=scope.using)
    return gate


def empty_bodies(*, scope: Scope, limit: int = 5000) -> int:
    """Empty the bodies of messages that are over for KEEP_BODIES, but for the fields that their adapters keep; at most
    `limit`. Returns how many. Safe side by side.
    """
    scope.demand("jobs.message.empty")
    keeps = {code: list(adapter.keeps) for code, adapter in adapters().items()}
    given: dict[str, Any] = {
        "before": scope.at - KEEP_BODIES,
        "at": scope.at,
        "at_most": limit,
        "keeps": orjson.dumps(keeps).decode(),
    }
    with connections[scope.using].cursor() as cursor:
        cursor.execute(_EMPTY, given)
        return int(cursor.rowcount)


def forget_receivers(*, scope: Scope, references: Sequence[str]) -> int:
    """Give up what waits for these receivers, and empty what was written to them; how many messages."""
    scope.demand("jobs.message.forget")
    keeps = {code: list(each.keeps) for code, each in adapters().items()}
    with connections[scope.using].cursor() as cursor:
        cursor.execute(
            _FORGET, {"at": scope.at, "to": list(references), "keeps": orjson.dumps(keeps).decode()}
        )
        return int(cursor.rowcount)


def _turn(
    scope: Scope,
    gate_id: UUID | str,
    rule: Callable[[GateState], GateState],
    verb: str,
    *,
    why: dict[str, Any],
) -> Gate:
    gate = Gate.objects.select_for_update(no_key=True).filter(pk=gate_id).first()
    if gate is None:
        raise NotFound
    write_gate(gate=gate, state=rule(state_of(gate=gate)), why=why, at=scope.at)
    record(
        scope=scope,
        verb=f"jobs.gate.{verb}",
        subject=ref("jobs.gate", gate.pk),
        subject_name=str(gate)[:200],
    )
    return gate


def write_gate(*, gate: Gate, state: GateState, why: dict[str, Any], at: datetime) -> None:
    """Write a gate whose row is locked; `why` stays as long as something speaks against it."""
    for name in GateState.__dataclass_fields__:
        setattr(gate, name, getattr(state, name))
    gate.why = {} if state.is_plain else why
    gate.changed_at = at
    gate.save()


def _change(message: Message, **values: Any) -> None:
    """Write to a message whose row is locked."""
    Message.objects.filter(pk=message.pk).update(**values)
    for name, value in values.items():
        setattr(message, name, value)


def _note(scope: Scope, message: Message, verb: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=f"jobs.message.{verb}",
        subject=ref("jobs.message", message.pk),
        subject_name=str(message)[:200],
        branch_id=message.branch_id,
        branch_pos=message.branch_pos,
        **detail,
    )
