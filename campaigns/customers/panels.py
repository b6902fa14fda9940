"""What rooms show on the page of one customer: panels with rows, and moments of the one time line.

A room names its own in apps.py:

    register_panel("rewards.coupons", title=_("coupons"), rows=coupon_rows)
    register_moments("events", moments=event_moments)

Both answer within the scope, and mask what names a person.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from campaigns.tenants.scopes import Scope


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a panel: a label, its value, and in small letters since when or why."""

    label: str
    value: str
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to a customer or was done by one: a whole sentence in the reader's language."""

    at: datetime
    kind: str  # "sent", "seen", "done", "earned", "changed"
    sentence: str
    why: str = ""
    url: str = ""


Rows = Callable[[Scope, UUID], Sequence[Line]]
# (scope, customer, before (exclusive), at most how many) -> newest first
Moments = Callable[[Scope, UUID, datetime, int], Sequence[Moment]]


@dataclass(frozen=True, slots=True)
class Panel:
    """A box on the page: `title` is lazy; `needs` is the verb without which it is left out."""

    code: str
    title: Any
    rows: Rows
    needs: str = "customers.customer.view"


_PANELS: dict[str, Panel] = {}
_MOMENTS: dict[str, Moments] = {}


def register_panel(code: str, *, title: Any, rows: Rows, needs: str = "customers.customer.view") -> None:
    """Add a panel. Raises ValueError when the code is taken."""
    panel = Panel(code, title, rows, needs)
    if _PANELS.setdefault(code, panel) != panel:
        raise ValueError(f"a panel {code!r} exists already")


def register_moments(code: str, *, moments: Moments) -> None:
    """Add a source of the time line. Raises ValueError when the code is taken."""
    if _MOMENTS.setdefault(code, moments) is not moments:
        raise ValueError(f"moments of {code!r} exist already")


def panels() -> tuple[Panel, ...]:
    return tuple(_PANELS.values())


def moments_of(*, scope: Scope, customer_id: UUID, before: datetime, many: int) -> list[Moment]:
    """The newest `many` moments before `before`, of all rooms, newest first."""
    found = [moment for ask in _MOMENTS.values() for moment in ask(scope, customer_id, before, many)]
    return sorted(found, key=lambda moment: moment.at, reverse=True)[:many]
