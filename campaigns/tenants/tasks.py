"""Celery tasks and their scope.

    @scoped_task(name="rewards.expire", system=True)
    def expire(*, scope: Scope) -> int: ...

What is published inside a scope carries that scope as a header: not its rights, only who and where. The worker
asks the database again, and opens what it finds now around the task's body, which gets it as `scope`. A task
declared `system` opens the root's scope; any other task without a header raises NoScope.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from celery import Task, shared_task

from campaigns.lib.clock import now
from campaigns.tenants.guard import NoScope
from campaigns.tenants.scopes import Scope, current_scope, opened, staff, system
from campaigns.tenants.services.organisation_jobs import TASK, run_waiting

HEADER = "scope"

# (what the scope carries, at, cause) -> the scope, not opened yet.
Derive = Callable[[dict[str, Any], datetime, str], Scope]


def _staff(carry: dict[str, Any], at: datetime, cause: str) -> Scope:
    return staff(
        login_id=carry["login"],
        assignment_id=UUID(carry["assignment"]),
        stand_at=carry["stand_at"],
        at=at,
        cause=cause,
    )


def _system(carry: dict[str, Any], at: datetime, cause: str) -> Scope:
    return system(at=at, cause=cause)


_DERIVES: dict[str, Derive] = {"staff": _staff, "system": _system}


def register_scope_kind(kind: str, derive: Derive) -> None:
    """Let tasks carry scopes of `kind`; called by the room that owns it, in its apps.py."""
    _DERIVES[kind] = derive


class ScopedTask(Task):  # type: ignore[type-arg]
    """The base of every task of ours."""

    abstract = True
    is_system = False
    opens_itself = False
    typing = False  # the worker adds `scope`, which the publisher does not give

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Publish, with the present scope as a header."""
        scope = current_scope()
        if scope is not None and not self.is_system:
            carried = {"kind": scope.kind, "carry": scope.carry}
            options["headers"] = {**(options.get("headers") or {}), HEADER: carried}
        return super().apply_async(*args, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run in the worker, inside the scope, in one transaction; or, for a task that `opens_itself`, given the scope
        shut. Raises NoScope, ScopeClosed.
        """
        if self.opens_itself:
            return super().__call__(*args, scope=self._scope(), **kwargs)
        with opened(self._scope()) as scope:
            return super().__call__(*args, scope=scope, **kwargs)

    def _scope(self) -> Scope:
        cause = str(self.name)
        if self.is_system:
            return system(at=now(), cause=cause)
        # A header set by us arrives among the message's headers, or as an attribute of the request.
        carried = (self.request.headers or {}).get(HEADER) or getattr(self.request, HEADER, None)
        if not carried:
            raise NoScope(f"task {cause} was published outside a scope and is not declared system")
        return _DERIVES[carried["kind"]](carried["carry"], now(), cause)


def scoped_task(
    *, name: str, system: bool = False, opens_itself: bool = False, **options: Any
) -> Callable[[Callable[..., Any]], Any]:
    """Declare a task: `name` is "room.verb"; `system` for the timetable's sweeps; `opens_itself` for work that goes
    in many transactions, each in a scope of its own.
    """
    return shared_task(name=name, base=ScopedTask, is_system=system, opens_itself=opens_itself, **options)


def reopened(kind: str, carry: dict[str, Any], at: datetime, cause: str) -> Scope:
    """The scope that a row or a message carries, as the database knows it now; not opened yet."""
    return _DERIVES[kind](carry, at, cause)


@scoped_task(name=TASK, system=True)
def apply_files(*, scope: Scope) -> bool:
    """Apply the organisation file that has waited longest, or take it back."""

    def reopen(kind: str, carry: dict[str, Any], at: datetime) -> Scope:
        return reopened(kind, carry, at, TASK)

    return run_waiting(scope=scope, reopen=reopen, clock=now)
