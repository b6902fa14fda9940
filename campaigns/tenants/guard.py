"""Keeps each connection's settings equal to its innermost scope, and raises on a tenant query outside one.

Forgetting a scope would answer with no rows, which looks like an empty bank; here it is an exception in a test.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps

from campaigns.tenants.scopes import Facts, NoBank, Scope, ScopeClosed

if TYPE_CHECKING:
    from campaigns.tenants.postgres.base import DatabaseWrapper

# Statements of the transaction itself; an aborted transaction takes nothing else.
_TRANSACTION = re.compile(r"\s*(SAVEPOINT|RELEASE|ROLLBACK|COMMIT|BEGIN|SET CONSTRAINTS)\b", re.IGNORECASE)

_SETTINGS = ("lo", "hi", "branch", "branch_pos", "line", "ancestors", "person", "customer")
_CLEAR = (
    "SELECT set_config('role', 'none', true); SELECT set_config('pghistory.context_metadata', '', true), "
    + ", ".join(f"set_config('app.{name}', '', true)" for name in _SETTINGS)
)

_NOBODY = object()


class NoScope(RuntimeError):
    """A tenant table was asked outside any scope: a mistake in our code, never a user's."""


@cache
def tenant_tables() -> frozenset[str]:
    """Tables whose rows belong to branches: those with a branch position, and the branches themselves."""
    found = set()
    for model in apps.get_models(include_auto_created=True):
        names = {f.name for f in model._meta.local_fields} | {f.name for f in model._meta.fields}
        if "branch_pos" in names or {"pos", "pos_end"} <= names:
            found.add(model._meta.db_table)
    return frozenset(found)


@cache
def _tenant_pattern() -> re.Pattern[str]:
    return re.compile(r"\b(" + "|".join(sorted(tenant_tables(), key=len, reverse=True)) + r")\b")


class Guard:
    """The scopes of one connection, and which of them its settings stand for."""

    def __init__(self, connection: DatabaseWrapper) -> None:
        self.connection = connection
        self.scopes: list[Scope] = []
        # What the settings stand for: a scope, _NOBODY after clearing, None when a rollback made it unknown.
        self.applied: Scope | object | None = None
        # Whether this transaction has ever been given settings or a role.
        self.is_marked = False

    @property
    def current(self) -> Scope | None:
        return self.scopes[-1] if self.scopes else None

    def push(self, scope: Scope) -> None:
        self.scopes.append(scope)

    def pop(self, scope: Scope) -> None:
        assert self.scopes and self.scopes[-1] is scope, (
            "scopes must be left in the reverse order of entering"
        )
        self.scopes.pop()

    def forget(self) -> None:
        """A savepoint was rolled back, and maybe settings with it: apply them again before the next query."""
        self.applied = None

    def end(self) -> None:
        """The transaction is over, and every local setting with it."""
        self.applied = None
        self.is_marked = False

    def apply(self, scope: Scope) -> None:
        """Send the scope's settings, verifying its credential. Raises ScopeClosed when that is void."""
        if scope is not self.current:
            raise NoScope("this scope is not the innermost open one")
        connection = self.connection
        with connection.wrap_database_errors:
            connection.ensure_connection()
            with connection.connection.cursor() as cursor:
                if self.is_marked:
                    # A role entered by an earlier scope of this transaction may not open scopes.
                    cursor.execute("SELECT set_config('role', 'none', true); " + scope.opening, scope.params)
                    cursor.nextset()
                else:
                    cursor.execute(scope.opening, scope.params)
                row = cursor.fetchone()
        self.applied = scope
        self.is_marked = True
        if row is None:
            raise NoBank if scope.kind == "system" else ScopeClosed
        if scope._facts is None:
            branch_id, branch_pos, lo, hi, line, person_id, customer_id, role, verbs, name = row
            scope._facts = Facts(
                branch_id=branch_id,
                branch_pos=branch_pos,
                lo=lo,
                hi=hi,
                line=tuple(line),
                person_id=person_id,
                customer_id=customer_id,
                role=role,
                verbs=frozenset(verbs),
                actor_name=name,
            )

    def _clear(self) -> None:
        """Outside every scope but still in a transaction: nobody's role, nobody's branches."""
        with self.connection.connection.cursor() as cursor:
            cursor.execute(_CLEAR)
        self.applied = _NOBODY

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        scope = self.current
        if scope is None:
            if self.is_marked and self.applied is not _NOBODY and not _TRANSACTION.match(str(sql)):
                self._clear()
            if found := _tenant_pattern().search(str(sql)):
                raise NoScope(f"{found[0]} was asked outside a scope: {str(sql)[:200]}")
        elif scope is not self.applied and not _TRANSACTION.match(str(sql)):
            self.apply(scope)
        return execute(sql, params, many, context)
