"""What a page of the calendar asks for, read from its address; moments in the zone of the viewer's branch."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from campaigns.jobs.due_selectors import zone_of_branch
from campaigns.lib.clock import FOREVER
from campaigns.planning.calendar.layers import Asked, MomentIsMissing
from campaigns.tenants.scopes import Scope

# Six weeks are a month's page. How many of a layer begin on one day of it, by how many days a page has.
_MOST_DAYS = 42
_MOST = ((1, 200), (7, 40), (_MOST_DAYS, 12))


@dataclass(frozen=True, slots=True)
class Filters:
    """Codes of layers and of kinds ("content:poster"), empty for all; `owner` the maker."""

    layers: frozenset[str]
    kinds: frozenset[str]
    owner: UUID | None

    def asked_of(self, layer: str, asked: Asked) -> Asked:
        mine = frozenset(kind.partition(":")[2] for kind in self.kinds if kind.startswith(f"{layer}:"))
        return Asked(asked.days, asked.edges, asked.zone, asked.most, mine, self.owner)

    def shows(self, layer: str, *, of: str = "") -> bool:
        """Kinds of one layer narrow to that layer, and to what is said `of` it."""
        named = {kind.partition(":")[0] for kind in self.kinds}
        return (not self.layers or layer in self.layers) and (not named or (of or layer) in named)


def zone_at(scope: Scope) -> ZoneInfo:
    return ZoneInfo(zone_of_branch(scope=scope, branch_id=scope.branch_id))


def days_asked(scope: Scope, given: Mapping[str, str]) -> Asked:
    """The days from `start` to before `end` (ISO dates, or moments of them); this month's when they are no days."""
    zone = zone_at(scope)
    today = scope.at.astimezone(zone).date()
    first = _day(given.get("start", "")) or today.replace(day=1)
    until = _day(given.get("end", "")) or first + timedelta(days=31)
    many = min(max((until - first).days, 1), _MOST_DAYS)
    days = [first + timedelta(days=n) for n in range(many + 1)]
    edges = [datetime.combine(day, time(), zone) for day in days]
    most = next(most for up_to, most in _MOST if many <= up_to)
    return Asked(days[:-1], edges, zone, most)


def filters_asked(scope: Scope, given: Mapping[str, str], lists: Mapping[str, Collection[str]]) -> Filters:
    """`layer` and `kind` may come several times; `owner` is a person's id, or "me"."""
    owner = given.get("owner", "")
    person: UUID | None = None
    if owner == "me":
        person = scope.person_id
    elif owner:
        try:
            person = UUID(owner)
        except ValueError:
            person = UUID(int=0)  # nobody's
    return Filters(frozenset(lists.get("layer", ())), frozenset(lists.get("kind", ())), person)


def moment_of(text: str, zone: ZoneInfo) -> datetime:
    """A date and time as clocks of the zone say it. Raises MomentIsMissing."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise MomentIsMissing from None
    if found.tzinfo is not None or not 2000 <= found.year < FOREVER.year:
        raise MomentIsMissing
    return found.replace(tzinfo=zone)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        return None
    # Months before and after stand on a page too.
    return found if 2000 <= found.year < 9000 else None
