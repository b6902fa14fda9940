"""The kinds of due rows: what the rooms above register, and the services look up.

    register_due("approvals.go_live", put_live_when_due, label=_("Go live"))

What carries a row out runs in a savepoint of the transaction that also marks the row done, in the scope that the row
was laid for (the system's, unless it says otherwise). It must be quick, wait for no lock that a request may hold, send
nothing, and look for itself whether there is still something to do: a row that was overtaken is simply done.

It may raise NotYet (ask again soon), GiveUp (of no use to try again), any Refusal or error (tried again after a while).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from campaigns.jobs.due_models import Due
from campaigns.jobs.due_rules import BackOff, NobodyCarriesItOut
from campaigns.tenants.scopes import Scope

CarryOut = Callable[[Scope, Due], object]
CarryOutMany = Callable[[Scope, Sequence[Due]], object]
OnDead = Callable[[Scope, Due], object]


@dataclass(frozen=True)
class DueKind:
    """One kind. `many` does a whole lot at once; when it raises, `one` is asked for each row of it.

    `tries`: how many failures until it is given up; `on_dead` is then called, in the same transaction, to tell people.
    `label` names the kind on pages.
    """

    code: str
    label: Any
    one: CarryOut
    many: CarryOutMany | None = None
    tries: int = 8
    back_off: BackOff = field(default_factory=BackOff)
    on_dead: OnDead | None = None


_KINDS: dict[str, DueKind] = {}


def register_due(
    code: str,
    carry_out: CarryOut,
    *,
    label: Any,
    many: CarryOutMany | None = None,
    tries: int = 8,
    back_off: BackOff | None = None,
    on_dead: OnDead | None = None,
) -> None:
    """Say what becomes of due rows of this kind ("room.verb"); called from apps.py of the room that owns it.

    Raises ValueError when somebody else owns the code.
    """
    kind = DueKind(code, label, carry_out, many, tries, back_off or BackOff(), on_dead)
    if code in _KINDS and _KINDS[code].one is not carry_out:
        raise ValueError(f"{code} is registered already")
    _KINDS[code] = kind


def due_kind(code: str) -> DueKind:
    """The kind of this code; one that refuses, where nobody registered it."""
    return _KINDS.get(code) or DueKind(code, code, _refuse)


def due_kinds() -> list[DueKind]:
    """All of them, by code."""
    return [_KINDS[code] for code in sorted(_KINDS)]


def rank_of(code: str) -> int:
    """In which order the kinds of one lot are carried out: as they were registered."""
    return list(_KINDS).index(code) if code in _KINDS else len(_KINDS)


def _refuse(scope: Scope, due: Due) -> None:
    raise NobodyCarriesItOut(kind=due.kind)
