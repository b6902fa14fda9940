"""How owners are called to a post beyond the inbox of the admin, and how a message is put into a group of WeCom.

Rooms and packages that know a way register it; nothing here sends by itself. Both are called in the transaction in
which posts are handed out, so they put messages into the outbox and do nothing else:

    register_courier(Courier(call=call_owners, send=put_group_messages))
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from campaigns.tenants.scopes import Scope
from community.plans.models import Post


def _nothing(scope: Scope, posts: Sequence[Post]) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Courier:
    """`call(scope, posts)`: their assignees have something to send, or are late with it. `send(scope, posts)`: posts of
    groups that WeCom keeps, as group messages that the owner confirms there; what becomes of each comes back by
    `services.posts.note_result`. Each has group and assignee at hand.
    """

    call: Callable[[Scope, Sequence[Post]], None] = _nothing
    send: Callable[[Scope, Sequence[Post]], None] = _nothing


_COURIERS: list[Courier] = []


def register_courier(courier: Courier) -> None:
    """Add a way. Called once, when the applications are ready."""
    if courier not in _COURIERS:
        _COURIERS.append(courier)


def call_owners(*, scope: Scope, posts: Sequence[Post]) -> None:
    """Call who has to send these, by every way there is."""
    for courier in _COURIERS:
        courier.call(scope, posts)


def send_to_groups(*, scope: Scope, posts: Sequence[Post]) -> None:
    """Put these into their groups of WeCom, by every way there is."""
    for courier in _COURIERS:
        courier.send(scope, posts)
