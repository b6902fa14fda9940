"""Recalling what customers see: what each room does when a revision of an item is taken back.

A room above names its step in apps.py:

    register_recall_step("community: scheduled posts", cancel_posts_with)

Steps run in the order of the rooms, inside the recall's transaction; a refusal of one refuses the whole. The
published copy itself is gone by then.
"""

from collections.abc import Mapping
from typing import Protocol

from campaigns.approvals.models import Revision
from campaigns.tenants.scopes import Scope
from content.models import Item


class RecallStep(Protocol):
    """Takes `revision` of `item` out of what the room shows or will send; answers how many things it touched."""

    def __call__(self, *, scope: Scope, item: Item, revision: Revision, reason: str) -> int: ...


_STEPS: dict[str, RecallStep] = {}


def register_recall_step(name: str, act: RecallStep) -> None:
    """Add a room's step ("room: what it does"). Raises ValueError when the name is taken."""
    if _STEPS.setdefault(name, act) is not act:
        raise ValueError(f"a step named {name!r} exists already")


def recall_steps() -> Mapping[str, RecallStep]:
    """All of them, in the order in which they run."""
    return _STEPS


def run_recall_steps(*, scope: Scope, item: Item, revision: Revision, reason: str) -> dict[str, int]:
    """Run every step; answers how many things each touched."""
    return {
        name: act(scope=scope, item=item, revision=revision, reason=reason) for name, act in _STEPS.items()
    }
