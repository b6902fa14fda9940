"""What customers are told, by kind; each room names its own in apps.py:

    register_touch(TouchKind("community.livestream.reminder", _("Livestream reminder"), purpose="service",
                             fields={"thing1": "title", "time2": "time"}, stands=standing_streams))

Under the code, settings.WECHAT_TEMPLATES has the bank's template of a subscribe message; without one it lies in the
inbox alone.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from campaigns.outreach.rules import KindIsUnknown
from campaigns.tenants.scopes import Scope

# (system's scope, references) -> those of which a customer may still be told at this moment
Stands = Callable[[Scope, Collection[str]], Collection[str]]


@dataclass(frozen=True, slots=True)
class TouchKind:
    """`purpose`: what consent is asked for ("service", "marketing"). `fields`: the template's field -> our word for it,
    a key of the touch's words. `stands` is asked at the moment of sending, and again when it leaves the outbox.
    """

    code: str
    label: Any
    purpose: str
    stands: Stands
    fields: Mapping[str, str] = field(default_factory=dict)


_KINDS: dict[str, TouchKind] = {}


def register_touch(kind: TouchKind) -> None:
    """Add a room's kind. Raises ValueError when the code is taken."""
    if _KINDS.setdefault(kind.code, kind) is not kind:
        raise ValueError(f"a touch {kind.code!r} is registered already")


def touch_kind(code: str) -> TouchKind:
    """Raises KindIsUnknown."""
    try:
        return _KINDS[code]
    except KeyError:
        raise KindIsUnknown(kind=code) from None


def touch_kinds() -> Mapping[str, TouchKind]:
    """All of them by code."""
    return _KINDS
