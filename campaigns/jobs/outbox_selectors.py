"""Questions about messages and gates."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connections
from django.db.models import QuerySet

from campaigns.jobs.outbox_models import Gate, Message
from campaigns.jobs.outbox_rules import GateState
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope

# One step of the index for each account, and not one for each message.
_ACCOUNTS = """
WITH RECURSIVE account AS (
    (SELECT m.adapter, m.account FROM jobs_message m WHERE m.state IN ('waiting', 'sending')
      ORDER BY m.adapter, m.account LIMIT 1)
    UNION ALL
    SELECT n.adapter, n.account FROM account a CROSS JOIN LATERAL (
        SELECT m.adapter, m.account FROM jobs_message m
         WHERE m.state IN ('waiting', 'sending') AND (m.adapter, m.account) > (a.adapter, a.account)
         ORDER BY m.adapter, m.account LIMIT 1) n
)
SELECT a.adapter, a.account FROM account a
 WHERE (SELECT m.ready_at <= %(at)s FROM jobs_message m WHERE m.state IN ('waiting', 'sending')
           AND m.adapter = a.adapter AND m.account = a.account ORDER BY m.ready_at LIMIT 1)
"""


def accounts_with_due_messages(*, scope: Scope, at: datetime) -> list[tuple[str, str]]:
    """(adapter, account) of everything that may be sent by its time, sorted."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute(_ACCOUNTS, {"at": at})
        return sorted((adapter, account) for adapter, account in cursor.fetchall())


def messages_within(*, scope: Scope) -> QuerySet[Message]:
    """Messages of the scope's branches, the youngest first."""
    rows: QuerySet[Message] = Message.objects.within(scope)
    return rows


def message_in_scope(*, scope: Scope, message_id: UUID | str, lock: bool = False) -> Message:
    """One message, on demand with its row locked. Raises NotFound."""
    rows: Any = messages_within(scope=scope)
    if lock:
        rows = rows.select_for_update(no_key=True)
    try:
        found: Message | None = rows.filter(pk=message_id).first()
    except (ValueError, ValidationError):
        found = None
    if found is None:
        raise NotFound
    return found


def message_with_key(*, scope: Scope, adapter: str, account: str, key: str) -> Message | None:
    """The message of this effect, if it lies within the scope."""
    found: Message | None = (
        Message.objects.within(scope).filter(adapter=adapter, account=account, key=key).first()
    )
    return found


def gate_before(*, adapter: str, account: str) -> Gate | None:
    """The gate of an account; None before anything went wrong or was counted there."""
    return Gate.objects.filter(adapter=adapter, account=account).first()


def gates_of(*, accounts: Iterable[tuple[str, str]]) -> dict[tuple[str, str], GateState]:
    """What decides of these accounts' gates; accounts without one are left out."""
    wanted = set(accounts)
    rows = Gate.objects.filter(adapter__in={adapter for adapter, _account in wanted})
    return {(row.adapter, row.account): state_of(gate=row) for row in rows} if wanted else {}


def state_of(*, gate: Gate) -> GateState:
    """A gate's row for the rules."""
    return GateState(
        failures=gate.failures,
        times=gate.times,
        shut_until=gate.shut_until,
        shut_by=gate.shut_by,
        probe_until=gate.probe_until,
        tokens=gate.tokens,
        refilled_at=gate.refilled_at,
    )


_COUNTED = 1000


@dataclass(frozen=True)
class Figure:
    """How many messages stand in a state; counted no further than a thousand."""

    state: str
    label: str
    count: int

    @property
    def words(self) -> str:
        return f"{_COUNTED - 1}+" if self.count >= _COUNTED else str(self.count)


def figures(*, scope: Scope) -> list[Figure]:
    """Messages by state, the troubled ones first."""
    states = Message.State
    return [
        Figure(
            str(state), str(state.label), messages_within(scope=scope).filter(state=state)[:_COUNTED].count()
        )
        for state in (states.DEAD, states.WAITING, states.SENDING, states.SENT)
    ]


def gates_shut(*, at: datetime) -> list[Gate]:
    """Gates through which nothing passes at `at`."""
    return list(Gate.objects.filter(shut_until__gt=at))
