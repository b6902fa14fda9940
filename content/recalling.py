"""Recalling what customers see: what each room does when a revision of an item is taken back.

A room above names its step in apps.py:

    register_recall_step("community: scheduled posts", cancel_posts_with, label=_("posts that are not sent"))

Steps run in the order of the rooms, inside the recall's transaction; a refusal of one refuses the whole. The
published copy itself is gone by then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from campaigns.approvals.models import Revision
from campaigns.tenants.scopes import Scope
from content.models import Item


class RecallStep(Protocol):
    """Takes `revision` of `item` out of what the room shows or will send; answers how many things it touched."""

    def __call__(self, *, scope: Scope, item: Item, revision: Revision, reason: str) -> int: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One room's part; `label` says to people what it touched."""

    act: RecallStep
    label: Any


_STEPS: dict[str, Step] = {}


def register_recall_step(name: str, act: RecallStep, *, label: Any) -> None:
    """Add a room's step ("room: what it does"). Raises ValueError when the name is taken."""
    if _STEPS.setdefault(name, Step(act, label)).act is not act:
        raise ValueError(f"a step named {name!r} exists already")


def recall_steps() -> Mapping[str, Step]:
    """All of them, in the order in which they run."""
    return _STEPS


def done_in_words(did: Mapping[str, int]) -> list[tuple[str, int]]:
    """What the steps of a recall touched, for people; one that is registered no more has its name."""
    return [(str(_STEPS[name].label) if name in _STEPS else name, count) for name, count in did.items()]


def run_recall_steps(*, scope: Scope, item: Item, revision: Revision, reason: str) -> dict[str, int]:
    """Run every step; answers how many things each touched."""
    return {
        name: step.act(scope=scope, item=item, revision=revision, reason=reason)
        for name, step in _STEPS.items()
    }
