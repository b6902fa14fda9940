"""What must be handed over before a branch can close by a file: each room names the rows that may not be left behind.

    register_remainder("customers", rows=customers_at_home)

A file closes many branches at once and names no successors. Those on which something remains are refused, row by
row, and are closed one by one with a hand-over (`services/closing.py`).
"""

from collections.abc import Sequence
from typing import Any, Protocol

from django.db.models import QuerySet

from campaigns.tenants.scopes import Scope


class Rows(Protocol):
    """The rows, each with its `branch`, that would have to go to a successor."""

    def __call__(self, *, scope: Scope) -> QuerySet[Any]: ...


_ROWS: dict[str, Rows] = {}


def register_remainder(name: str, *, rows: Rows) -> None:
    """Add a room's rows; `organisation/words.py` has the words of `name`."""
    _ROWS[name] = rows


def remainders() -> tuple[str, ...]:
    """What is asked for, by name."""
    return tuple(_ROWS)


def remainders_of(*, scope: Scope, branch_ids: Sequence[int]) -> dict[int, str]:
    """Branch -> the first thing that remains on it; those that are free are left out. One query a name."""
    found: dict[int, str] = {}
    for name, rows in _ROWS.items() if branch_ids else ():
        keys = (
            rows(scope=scope).filter(branch_id__in=branch_ids).order_by().values_list("branch_id", flat=True)
        )
        for key in keys.distinct():
            found.setdefault(key, name)
    return found
