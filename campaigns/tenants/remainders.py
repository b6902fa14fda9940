"""What must be handed over before a branch can close by a file: each room says on which branches something remains.

    register_remainder("customers", ask=branches_with_customers)

A file closes many branches at once and names no successors; those on which something remains are refused, row by
row, and closed one by one with a hand-over.
"""

from collections.abc import Sequence
from typing import Protocol

from campaigns.tenants.scopes import Scope


class Ask(Protocol):
    """Which of `branch_ids` still have something of this room."""

    def __call__(self, *, scope: Scope, branch_ids: Sequence[int]) -> set[int]: ...


_ASKS: dict[str, Ask] = {}


def register_remainder(name: str, *, ask: Ask) -> None:
    """Add a room's question; `name` ("customers") has its words in organisation/words.py."""
    _ASKS[name] = ask


def remainders_of(*, scope: Scope, branch_ids: Sequence[int]) -> dict[int, str]:
    """Branch -> the first thing that remains on it; those that are free are left out."""
    found: dict[int, str] = {}
    for name, ask in _ASKS.items() if branch_ids else ():
        for key in ask(scope=scope, branch_ids=branch_ids):
            found.setdefault(key, name)
    return found
