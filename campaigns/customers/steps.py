"""Verbs that reach into every room: what each room does when two customers turn out to be one, when a customer is
erased, and when a customer asks what is known.

A room above names its step in apps.py:

    register_step("merge", name="rewards: coupons", act=move_coupons)

Steps run in the order of the rooms, inside the verb's transaction; a refusal of one refuses the whole.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

from campaigns.customers.customer_models import Customer
from campaigns.tenants.scopes import Scope

Verb = Literal["merge", "unmerge", "erase"]


class MergeStep(Protocol):
    """What is `absorbed`'s becomes `kept`'s. Answers references of what it moved: "unmerge" moves them back."""

    def __call__(self, *, scope: Scope, kept: Customer, absorbed: Customer) -> Sequence[str]: ...


class UnmergeStep(Protocol):
    """What the merge had `moved` (the references of the step of the same name) goes back to `absorbed`."""

    def __call__(
        self, *, scope: Scope, kept: Customer, absorbed: Customer, moved: Sequence[str]
    ) -> Sequence[str]: ...


class EraseStep(Protocol):
    """Nothing that names `customer` is left readable in this room. Answers references of what it touched."""

    def __call__(self, *, scope: Scope, customer: Customer) -> Sequence[str]: ...


class TellStep(Protocol):
    """What this room knows of the customer, for the customer: rows of plain values under a table's name."""

    def __call__(self, *, scope: Scope, customer_id: UUID) -> Iterator[tuple[str, Mapping[str, Any]]]: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One room's part."""

    name: str
    act: Callable[..., Any]


_STEPS: dict[Verb, dict[str, Step]] = {"merge": {}, "unmerge": {}, "erase": {}}
_TOLD: dict[str, Step] = {}


def register_step(verb: Verb, *, name: str, act: MergeStep | UnmergeStep | EraseStep) -> None:
    """Add a room's step ("room: what it does"). Raises ValueError when the name is taken."""
    _add(_STEPS[verb], name, act)


def register_told(*, name: str, act: TellStep) -> None:
    """Add what a room tells a customer of themselves. Raises ValueError when the name is taken."""
    _add(_TOLD, name, act)


def steps_of(verb: Verb) -> tuple[Step, ...]:
    """The steps of one verb, in the order in which they run."""
    return tuple(_STEPS[verb].values())


def told_by() -> tuple[Step, ...]:
    """Everything that is told to a customer who asks, in order."""
    return tuple(_TOLD.values())


def _add(steps: dict[str, Step], name: str, act: Callable[..., Any]) -> None:
    if name in steps and steps[name].act is not act:
        raise ValueError(f"a step named {name!r} exists already")
    steps[name] = Step(name, act)
