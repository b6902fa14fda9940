"""Signs of life in groups, as rooms above know them. A package names its own in its setup:

    register_sign("checkins", last=last_check_ins)

`last(scope=…, group_ids=…)` answers by group the newest moment (UTC) at which somebody did something in it.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from campaigns.tenants.scopes import Scope


class Last(Protocol):
    def __call__(self, *, scope: Scope, group_ids: Collection[UUID]) -> Mapping[UUID, datetime]: ...


_SIGNS: dict[str, Last] = {}


def register_sign(code: str, *, last: Last) -> None:
    """Raises ValueError when the code is taken."""
    if _SIGNS.setdefault(code, last) is not last:
        raise ValueError(f"signs of {code!r} exist already")


def last_signs(*, scope: Scope, group_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """The newest sign of life of each, of all packages; groups without any left out."""
    newest: dict[UUID, datetime] = {}
    for last in _SIGNS.values():
        for group_id, at in last(scope=scope, group_ids=group_ids).items():
            newest[group_id] = max(at, newest.get(group_id, at))
    return newest
