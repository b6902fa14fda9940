"""What long jobs do. Rooms above register theirs in `apps.py`; this room never names them.

    register_many("approvals.approve", each=approve_one, label=_("Bulk approval"), title=_("Approve %(total)s reviews"))
    register_job("approvals.verify", step=verify_lot, label=_("…"), title=_("…"))

`each` carries out one item: `each(scope=…, item=…, args=…)`, a service like any other. What it raises as a Refusal is
kept with the item, and the next one follows. `step` carries out one part of a job that is not item by item:
`step(scope=…, job=…)` returns a Step, which is written in the same transaction; the next one goes on from its cursor.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaigns.lib.both import Both


@dataclass(frozen=True, slots=True)
class Result:
    """A file that a job leaves for who asked. `name` is of ASCII letters that need no quoting."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Step:
    """How far a job is after a step; all but `log` and `result` is the whole and not what was added.

    `doing` says what it is at and `log` what happened, in both languages.
    """

    done: int
    total: int
    refused: int = 0
    cursor: dict[str, Any] = field(default_factory=dict)
    doing: Both = field(default_factory=dict)
    log: tuple[Both, ...] = ()
    result: Result | None = None
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of long job.

    `label` names the kind, `title` one of it (with %(total)s); `went` and `refused` are the words under its two counts.
    Without `verb` in the scope no part of it would go: a refusal that names it pauses the job. One that may be asked
    for `by_hand`, on the page, demands it when asked. `lease`: how long a worker may stay silent; `idle`: how
    long one transaction may do nothing before the server ends it, so that a frozen worker holds no rows. `on_end` is
    told, as `on_end(scope=…, job=…)` in the system's scope, that it is done, has failed, or was paused by a refusal.
    """

    code: str
    label: Any
    title: Any
    each: Callable[..., Any] | None = None
    step: Callable[..., Step] | None = None
    verb: str = ""
    by_hand: bool = False
    head_office_only: bool = False
    at_most: int = 5_000
    went: Any = field(default_factory=lambda: _("went through"))
    refused: Any = field(default_factory=lambda: _("refused"))
    lease: timedelta = timedelta(seconds=20)
    idle: timedelta = timedelta(seconds=20)
    on_end: Callable[..., Any] | None = None


_KINDS: dict[str, Kind] = {}


def register_many(code: str, *, each: Callable[..., Any], label: Any, title: Any, **more: Any) -> None:
    """Let `each` be asked for over many items; `more` as at Kind."""
    _KINDS[code] = Kind(code, label, title, each=each, **more)


def register_job(code: str, *, step: Callable[..., Step], label: Any, title: Any, **more: Any) -> None:
    """Let a service be asked for that goes in steps; `more` as at Kind."""
    _KINDS[code] = Kind(code, label, title, step=step, **more)


def kind_of(code: str) -> Kind | None:
    """The kind; None for one that nobody registers any more."""
    return _KINDS.get(code)


def kinds() -> list[Kind]:
    """Every kind, in the order of registration."""
    return list(_KINDS.values())
