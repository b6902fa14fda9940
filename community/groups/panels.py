"""Boxes on a group's page that packages above fill, as posts and check-ins:

    register_group_panel("plans.posts", title=_("posts"), rows=post_lines, needs="community.plan.view")

`rows(scope, group_id)` answers lines (campaigns/customers/panels.py); a box without lines is left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from campaigns.customers.panels import Line
from campaigns.tenants.scopes import Scope

Rows = Callable[[Scope, UUID], Sequence[Line]]


@dataclass(frozen=True, slots=True)
class GroupPanel:
    """A box: `title` is lazy; `needs` is the verb without which it is left out."""

    code: str
    title: Any
    rows: Rows
    needs: str


_PANELS: dict[str, GroupPanel] = {}


def register_group_panel(code: str, *, title: Any, rows: Rows, needs: str = "community.group.view") -> None:
    """Raises ValueError when the code is taken."""
    panel = GroupPanel(code, title, rows, needs)
    if _PANELS.setdefault(code, panel) != panel:
        raise ValueError(f"a panel {code!r} exists already")


def group_panels(*, scope: Scope, group_id: UUID) -> list[tuple[Any, Sequence[Line]]]:
    """Title and lines of each box that the reader may see and that has something to say."""
    shown = [(each.title, each.rows(scope, group_id)) for each in _PANELS.values() if scope.may(each.needs)]
    return [(title, lines) for title, lines in shown if lines]
