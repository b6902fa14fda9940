"""Who measures what. A room, or the configuration, adds its own gauges in its apps.py."""

from collections.abc import Callable, Iterable, Sequence

from campaigns.jobs.watch_rules import FAMILIES, Family, Measured
from campaigns.tenants.scopes import Scope

# Asked in the system's scope; answers within milliseconds, however many rows there are.
Ask = Callable[[Scope], Iterable[Measured]]

_GAUGES: dict[str, Ask] = {}
_FAMILIES: dict[str, Family] = {family.code: family for family in FAMILIES}


def register_gauges(name: str, ask: Ask, families: Sequence[Family] = ()) -> None:
    """Let `ask` be asked at each look. Its families are those of watch_rules.py, and `families`."""
    _GAUGES[name] = ask
    _FAMILIES.update({family.code: family for family in families})


def gauges() -> dict[str, Ask]:
    return dict(_GAUGES)


def family_of(code: str) -> Family:
    """Raises KeyError for figures of no family: then nobody said what they mean."""
    return _FAMILIES[code]
