"""Which content customers met most, from what their phones told (campaigns/events)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connections

from campaigns.events.registry import subject_id
from campaigns.events.rules import first_id_at
from campaigns.tenants.scopes import Scope
from content.models import Item, LiveItem


@dataclass(frozen=True, slots=True)
class Reached:
    """One item as customers of the scope's branches met it. `live` is its published copy, None once it is gone;
    `is_own`: it belongs to the scope's branches, and is worked on there.
    """

    item_id: UUID
    title: str
    live: LiveItem | None
    is_own: bool
    exposures: int
    clicks: int

    @property
    def exposures_words(self) -> str:
        return f"{self.exposures:,}"

    @property
    def clicks_words(self) -> str:
        return f"{self.clicks:,}"

    @property
    def percent(self) -> str:
        """Clicks of a hundred exposures; empty where nothing was told of exposures."""
        return f"{100 * self.clicks / self.exposures:.1f}%" if self.exposures else ""


# One pass over what was told since then. The id's own time prunes the months, the index by moments (BRIN) the rest; a
# phone's clock may be behind its id's by what `take_events` allows, so ids are asked a day wider.
_MET = """
SELECT e.subject, count(*) FILTER (WHERE e.kind = 'content.exposed'),
       count(*) FILTER (WHERE e.kind = 'content.clicked')
  FROM events_event e
 WHERE e.id >= %s AND e.at >= %s AND e.kind IN ('content.exposed', 'content.clicked')
   AND e.branch_pos BETWEEN %s AND %s
 GROUP BY 1 ORDER BY 3 DESC, 2 DESC, 1 LIMIT %s
"""


def most_met(*, scope: Scope, since: datetime, limit: int = 8) -> list[Reached]:
    """Which content did customers of the scope's branches tap most since then? Most clicks first. Three queries."""
    with connections[scope.using].cursor() as cursor:
        # Some may be of other branches' things, whose names are not to be known here.
        cursor.execute(_MET, [first_id_at(since - timedelta(days=1)), since, scope.lo, scope.hi, limit * 3])
        met = {
            key: (exposures, clicks)
            for subject, exposures, clicks in cursor.fetchall()
            if (key := subject_id(subject)) is not None
        }
    own = dict(Item.objects.within(scope).filter(pk__in=met).values_list("pk", "title"))
    live = {
        copy.item_id: copy
        for copy in LiveItem.objects.visible(scope).filter(item_id__in=met).defer("body", "blocks")
    }
    found = []
    for key, (exposures, clicks) in met.items():
        copy = live.get(key)
        title = copy.title if copy is not None else own.get(key, "")
        if title:
            found.append(Reached(key, title, copy, key in own, exposures, clicks))
    return found[:limit]
