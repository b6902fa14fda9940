"""Scopes: who acts, where, as what, at which moment. Every tenant query happens inside one.

    with staff_scope(login_id=7, assignment_id=a, at=now()) as scope:
        ...

A scope opens a transaction (or a savepoint within one). Its settings are applied with the first query, through
the verb that may read the tree before there is a scope, and always locally: a session-level setting would
survive into the next user of a pooled connection. Leaving an inner scope, or rolling a savepoint back, makes
the guard (campaigns/tenants/guard.py) apply the right settings again before the next query.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from django.db import connections, transaction

from campaigns.lib.ids import new_id
from campaigns.lib.refusals import NotAllowed, Refusal
from campaigns.tenants.rules import may

if TYPE_CHECKING:
    from campaigns.tenants.postgres.base import DatabaseWrapper


class ScopeClosed(Refusal):
    """The credential was good once, but nothing stands behind it now."""

    code = "tenants.scope.closed"
    status = 401
    zh = "您在这个机构的岗位已不再有效，请重新登录或切换岗位。"
    en = "Your assignment at this branch is no longer valid: log in again or switch assignment."


class NoBank(ScopeClosed):
    """There is no head office yet, so that nothing can be done in its scope."""

    code = "tenants.bank.missing"
    status = 409
    zh = "数据库中还没有总行。请先运行 manage.py setup_bank，或用 manage.py up 载入演示银行。"
    en = "There is no head office yet: run manage.py setup_bank, or manage.py up for the demo bank."


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database said when the scope was opened. `line` runs from the branch up to head office."""

    branch_id: int
    branch_pos: int
    lo: int
    hi: int
    line: tuple[int, ...]
    person_id: UUID | None = None
    customer_id: UUID | None = None
    role: str = ""
    verbs: frozenset[str] = frozenset()
    actor_name: str = ""


@dataclass(eq=False, slots=True)
class Scope:
    """One acting party at one branch at one moment. Made by `staff_scope` and its like, not by hand.

    `opening` is the query that verifies the credential and applies the settings; `kind` is staff, customer,
    public (a branch's customers, unnamed; reads alone) or system; `at` is the moment that policy, service and test
    agree on (UTC).
    """

    kind: str
    at: datetime
    opening: str
    params: tuple[Any, ...]
    carry: dict[str, Any] = field(default_factory=dict)
    cause: str = ""
    request_id: UUID = field(default_factory=new_id)
    using: str = "default"
    _facts: Facts | None = None

    @property
    def facts(self) -> Facts:
        """Verified facts; asks the database on first use. Raises ScopeClosed when the credential is void."""
        if self._facts is None:
            connection: DatabaseWrapper = connections[self.using]  # type: ignore[assignment]
            connection.guard.apply(self)
        assert self._facts is not None
        return self._facts

    @property
    def branch_id(self) -> int:
        return self.facts.branch_id

    @property
    def branch_pos(self) -> int:
        return self.facts.branch_pos

    @property
    def lo(self) -> int:
        return self.facts.lo

    @property
    def hi(self) -> int:
        return self.facts.hi

    @property
    def line(self) -> tuple[int, ...]:
        """Ids of the scope's branch and its ancestors, nearest first."""
        return self.facts.line

    @property
    def ancestors(self) -> tuple[int, ...]:
        return self.facts.line[1:]

    @property
    def person_id(self) -> UUID | None:
        return self.facts.person_id

    @property
    def customer_id(self) -> UUID | None:
        return self.facts.customer_id

    @property
    def verbs(self) -> frozenset[str]:
        return self.facts.verbs

    @property
    def actor(self) -> str:
        """Who acts, as a reference: "tenants.person:…", "customers.customer:…", "public" or "system:task name"."""
        if self.kind == "staff":
            return f"tenants.person:{self.person_id}"
        if self.kind == "customer":
            return f"customers.customer:{self.customer_id}"
        if self.kind == "public":
            return "public"
        return f"system:{self.cause or 'unnamed'}"

    def may(self, verb: str) -> bool:
        """The one question of permission: may this party do `verb` ("room.noun.verb")?"""
        return self.kind == "system" or may(self.verbs, verb)

    def demand(self, verb: str) -> None:
        """Raise NotAllowed unless `may(verb)`."""
        if not self.may(verb):
            raise NotAllowed(verb=verb)

    def context(self) -> str:
        """The opening context written into every history row, as JSON."""
        return orjson.dumps({"kind": self.kind, "cause": self.cause, **self.carry}).decode()


@contextmanager
def opened(scope: Scope) -> Iterator[Scope]:
    """Stand in `scope` for the block: a transaction, or a savepoint within one."""
    connection: DatabaseWrapper = connections[scope.using]  # type: ignore[assignment]
    with transaction.atomic(using=scope.using):
        connection.guard.push(scope)
        try:
            yield scope
        finally:
            connection.guard.pop(scope)


def staff(
    *,
    login_id: int,
    assignment_id: UUID,
    at: datetime,
    stand_at: int | None = None,
    cause: str = "",
    issued_at: datetime | None = None,
) -> Scope:
    """The scope of one log-in acting in one assignment, standing at the assignment's branch or, with
    `stand_at`, at a branch below it. Not opened yet: use `staff_scope`, or `opened(...)`.

    `issued_at`: when the access token was issued that speaks; None for a session, which is asked elsewhere.
    """
    scope = Scope(
        kind="staff",
        at=at,
        opening="SELECT * FROM open_staff_scope(%s::bigint, %s::uuid, %s::int, %s::timestamptz, %s::uuid, %s::jsonb,"
        " %s::timestamptz)",
        params=(),
        carry={"login": login_id, "assignment": str(assignment_id), "stand_at": stand_at},
        cause=cause,
    )
    scope.params = (login_id, assignment_id, stand_at, at, scope.request_id, scope.context(), issued_at)
    return scope


def system(*, at: datetime, cause: str) -> Scope:
    """The root's scope, for periodic tasks and commands; `cause` says which."""
    scope = Scope(
        kind="system",
        at=at,
        opening="SELECT * FROM open_system_scope(%s::timestamptz, %s::uuid, %s::jsonb)",
        params=(),
        cause=cause,
    )
    scope.params = (at, scope.request_id, scope.context())
    return scope


@contextmanager
def staff_scope(
    *, login_id: int, assignment_id: UUID, at: datetime, stand_at: int | None = None, cause: str = ""
) -> Iterator[Scope]:
    """Open the scope described at `staff`."""
    with opened(
        staff(login_id=login_id, assignment_id=assignment_id, at=at, stand_at=stand_at, cause=cause)
    ) as scope:
        yield scope


@contextmanager
def system_scope(*, at: datetime, cause: str) -> Iterator[Scope]:
    """Open the scope described at `system`."""
    with opened(system(at=at, cause=cause)) as scope:
        yield scope


def current_scope(using: str = "default") -> Scope | None:
    """The innermost open scope of this thread's connection, for adapters that cannot be handed one."""
    connection: DatabaseWrapper = connections[using]  # type: ignore[assignment]
    return connection.guard.current
