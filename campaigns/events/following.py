"""Who is told of events that other systems told us: rooms above register in `apps.py`, by name.

    register_follower("rewards: grants", act=follow)

`act(source=…, heard=…, at=…)` runs in the transaction that takes the events, before there is a scope, and for new
events alone. It must be quick, and wait for nothing that a counter may hold: what follows from an event is laid down
here and done afterwards.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from campaigns.events.rules import Told


class Heard(NamedTuple):
    """A new event: as it is stored, by which id of its own the source told it, and of which customer."""

    told: Told
    by: str
    customer_id: UUID


class Follow(Protocol):
    def __call__(self, *, source: str, heard: Sequence[Heard], at: datetime) -> object: ...


_FOLLOWERS: dict[str, Follow] = {}


def register_follower(name: str, *, act: Follow) -> None:
    """Let `act` be told of every event that a system of the bank tells."""
    _FOLLOWERS[name] = act


def followers() -> dict[str, Follow]:
    """All of them, by name, in the order of registration."""
    return dict(_FOLLOWERS)


def tell_followers(source: str, heard: Sequence[Heard], at: datetime) -> None:
    """Called when events were written."""
    for follow in followers().values() if heard else ():
        follow(source=source, heard=heard, at=at)
