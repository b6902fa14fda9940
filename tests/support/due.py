"""A kind of due work whose effects can be counted, and a clock to be turned by hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from campaigns.audit.models import Entry
from campaigns.audit.services import record
from campaigns.jobs import kinds
from campaigns.jobs.due_models import Due
from campaigns.jobs.kinds import CarryOut, register_due
from campaigns.jobs.services.due import Ran, run_due
from campaigns.tenants.scopes import Scope, system, system_scope
from tests.support.cast import AT

KIND = "test.ring"


@dataclass
class Bell:
    """Each row rings once: an audit row, in the transaction of the row. `answer` may be raised after it."""

    answer: Callable[[Due], Exception | None] = lambda due: None
    rung: list[tuple[str, str, datetime]] = field(default_factory=list)

    def ring(self, scope: Scope, due: Due) -> None:
        record(
            scope=scope,
            verb="test.due.done",
            subject=due.subject,
            version=due.version,
            due=str(due.run_at),
            branch_id=due.branch_id,
            branch_pos=due.branch_pos,
        )
        self.rung.append((due.subject, due.version, scope.at))
        error = self.answer(due)
        if error is not None:
            raise error


@contextmanager
def bell(one: CarryOut | None = None, **more: Any) -> Iterator[Bell]:
    """The kind "test.ring" for the block, done by the bell or by `one`; `more` as register_due takes it."""
    made = Bell()
    register_due(KIND, one or made.ring, label="铃", **more)
    try:
        yield made
    finally:
        del kinds._KINDS[KIND]


def run_at(at: datetime, **more: Any) -> Ran:
    """One turn of a worker whose clock stands still at `at`."""
    return run_due(scope=system(at=at, cause="test"), clock=lambda: at, **more)


def rung() -> list[tuple[str, str]]:
    """(subject, version) of every effect that was committed, in order."""
    with system_scope(at=AT, cause="test"):
        rows = Entry.objects.filter(verb="test.due.done").order_by("id")
        return [(entry.subject, entry.detail["version"]) for entry in rows]


def due_rows(**which: Any) -> list[Due]:
    """The rows, by their time."""
    with system_scope(at=AT, cause="test"):
        return list(Due.objects.filter(**which).order_by("run_at", "version"))


class HandClock:
    """A clock that goes when it is told to."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def go(self, **delta: float) -> datetime:
        self.at += timedelta(**delta)
        return self.at
