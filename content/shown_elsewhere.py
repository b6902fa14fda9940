"""Pictures that rooms above show in things of their own: an address names the thing, its room says what it shows.

register_shower("community.livestream", frozen_cover)
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from campaigns.tenants.scopes import Scope

Shower = Callable[[Scope, UUID], Any]
_SHOWERS: dict[str, Shower] = {}


def register_shower(name: str, frozen_of: Shower) -> None:
    """`frozen_of` answers what the thing of this id shows to the scope's branch now, as frozen; None for nothing.

    Raises ValueError when the name is taken.
    """
    if _SHOWERS.setdefault(name, frozen_of) is not frozen_of:
        raise ValueError(f"{name} shows pictures already")


def frozen_elsewhere(*, scope: Scope, thing_id: UUID) -> list[Any]:
    """What rooms above show of a thing of this id."""
    return [found for ask in _SHOWERS.values() if (found := ask(scope, thing_id)) is not None]
