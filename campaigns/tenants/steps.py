"""Verbs that reach into every room: what each room does when a branch moves or closes, or a person leaves.

A room above names its step in apps.py:

    register_step("hand_over", name="rewards: stock to the successor", act=hand_over_stock)

Steps run in the order of the rooms, inside the verb's transaction; a refusal of one refuses the whole. A row that
follows its branch by the composite key needs no step for a move.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from campaigns.tenants.models import Branch, Person
from campaigns.tenants.scopes import Scope

Verb = Literal["move", "hand_over", "leave"]


class MoveStep(Protocol):
    """After `places` (branch id -> new pos and pos_end) were written."""

    def __call__(self, *, scope: Scope, places: Mapping[int, tuple[int, int]]) -> int: ...


class HandOverStep(Protocol):
    """What `closed` owned goes to `successor`. The branch is closed already, and names its successor."""

    def __call__(self, *, scope: Scope, closed: Branch, successor: Branch) -> int: ...


class LeaveStep(Protocol):
    """Open work of `person` goes to `successor`; history stays whose it was."""

    def __call__(self, *, scope: Scope, person: Person, successor: Person) -> int: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One room's part; `act` answers how many things it touched."""

    name: str
    act: Callable[..., int]


_STEPS: dict[Verb, dict[str, Step]] = {"move": {}, "hand_over": {}, "leave": {}}


def register_step(verb: Verb, *, name: str, act: MoveStep | HandOverStep | LeaveStep) -> None:
    """Add a room's step ("room: what it does"). Raises ValueError when the name is taken."""
    if name in _STEPS[verb] and _STEPS[verb][name].act is not act:
        raise ValueError(f"a step named {name!r} exists already")
    _STEPS[verb][name] = Step(name, act)


def steps_of(verb: Verb) -> tuple[Step, ...]:
    """The steps of one verb, in the order in which they run."""
    return tuple(_STEPS[verb].values())


def run_steps(verb: Verb, **given: Any) -> dict[str, int]:
    """Run every step; answers how many things each touched, those that touched none left out."""
    done = {step.name: step.act(**given) for step in steps_of(verb)}
    return {name: count for name, count in done.items() if count}
