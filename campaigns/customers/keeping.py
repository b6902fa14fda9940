"""What must be settled before a customer is forgotten, and what the law keeps afterwards under the pseudonym.

Rooms above name theirs in apps.py:

    register_must_settle("rewards: redemptions", ask=open_redemptions)
    register_kept("rewards: redemptions", zh="…", en="…")
"""

from collections.abc import Callable, Sequence
from uuid import UUID

from campaigns.lib.both import Both
from campaigns.tenants.scopes import Scope

# (scope, customer) -> what stands in the way now, in both languages.
Ask = Callable[[Scope, UUID], Sequence[Both]]

_ASKED: dict[str, Ask] = {}
_KEPT: dict[str, Both] = {}


def register_must_settle(name: str, *, ask: Ask) -> None:
    """Add a check. Raises ValueError when the name is taken."""
    if _ASKED.setdefault(name, ask) is not ask:
        raise ValueError(f"a check named {name!r} exists already")


def register_kept(name: str, *, zh: str, en: str) -> None:
    """Name something that stays, with the rule that keeps it. Raises ValueError when the name is taken."""
    words = {"zh": zh, "en": en}
    if _KEPT.setdefault(name, words) != words:
        raise ValueError(f"something kept is named {name!r} already")


def to_be_settled(*, scope: Scope, customer_id: UUID) -> list[Both]:
    """What stands in the way of erasing this customer now?"""
    return [words for ask in _ASKED.values() for words in ask(scope, customer_id)]


def kept_by_law() -> list[dict[str, str]]:
    """What stays under the pseudonym, by name."""
    return [{"name": name, **words} for name, words in _KEPT.items()]
