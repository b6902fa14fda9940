"""How long what is kept: one row for each kind of trace, with the period, the reason, and what lets it go.

A bank changes a period by FENHANG_RETENTION ({"sessions": 90}); a reason is not changed by a setting. Rooms above add
theirs in apps.py:

    register_retention("events.views", days=400, why=…, let_go=purge_views)
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from campaigns.lib.both import Both
from campaigns.tenants.scopes import Scope

# (scope, before, at most how many) -> how many were let go. Called again while it lets go a whole lot.
LetGo = Callable[[Scope, datetime, int], int]

LOT, LOTS = 5_000, 200


@dataclass(frozen=True, slots=True)
class Retention:
    """`label` is lazy; `why` says by which rule the period is what it is."""

    code: str
    label: Any
    days: int
    why: Both
    let_go: LetGo

    @property
    def period(self) -> timedelta:
        """As the bank has set it, or as delivered."""
        return timedelta(days=int(settings.RETENTION.get(self.code, self.days)))


_KINDS: dict[str, Retention] = {}


def register_retention(code: str, *, label: Any, days: int, zh: str, en: str, let_go: LetGo) -> None:
    """Add a kind of trace. Raises ValueError when the code is taken."""
    kind = Retention(code, label, days, {"zh": zh, "en": en}, let_go)
    if code in _KINDS and _KINDS[code].let_go is not let_go:
        raise ValueError(f"{code} is registered already")
    _KINDS[code] = kind


def retentions() -> tuple[Retention, ...]:
    """All of them."""
    return tuple(_KINDS.values())


def let_go_of_what_is_old(*, scope: Scope) -> dict[str, int]:
    """One round over all kinds, in lots; how many of each. Any number may run side by side."""
    scope.demand("customers.retention.run")
    done = {}
    for kind in retentions():
        many = 0
        for _lot in range(LOTS):
            gone = kind.let_go(scope, scope.at - kind.period, LOT)
            many += gone
            if gone < LOT:
                break
        done[kind.code] = many
    return done
