"""What the story's objects are kept in."""

from dataclasses import dataclass, field
from typing import Any

from tests.support.cast import Cast, CustomerPlayer, Player

PLACES = ("HO", "N", "NB", "S", "SB")


@dataclass
class World:
    """`world.ids["rewards.batch"]["SB"]`; makers may do everything, within their branch."""

    cast: Cast
    ids: dict[str, dict[str, Any]] = field(default_factory=dict)
    makers: dict[str, Player] = field(default_factory=dict)
    customers: dict[str, CustomerPlayer] = field(default_factory=dict)

    def add(self, kind: str, place: str, key: Any) -> None:
        self.ids.setdefault(kind, {}).setdefault(place, key)
