"""What is wrong with the slots of a branch on some days: nothing there, more than fits, two of one rank."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext

from campaigns.planning.calendar.layers import Asked, Mark
from campaigns.tenants.scopes import Scope
from content.home_rules import CAPACITY
from content.models import LiveItem, LivePlacement, Placement, Slot

# An empty pop-up or branch page is as good as a full one.
EXPECTED = (Slot.HOME_BANNER, Slot.HOME_GRID, Slot.HOME_FEED)
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Planned:
    """One placement as customers of the branch would meet it. `whom`: for whom it is; empty for everybody."""

    key: UUID
    slot: str
    priority: int
    first: datetime
    until: datetime
    whom: tuple[Any, ...]
    is_fallback: bool
    is_set: bool


def slot_marks(scope: Scope, asked: Asked) -> list[Mark]:
    """Of today and later, at the branch where the viewer stands: what is approved, and its own drafts. Three queries.

    A gap is a day on which nothing approved stands in a slot of the home page for a moment. More than fits counts what
    is there for everybody at one moment; two of one rank are for the same people at the same moment.
    """
    planned = _planned(scope, asked)
    marks = []
    for day, begins, ends in zip(asked.days, asked.edges, asked.edges[1:], strict=False):
        if ends <= scope.at:
            continue
        today = [each for each in planned if each.first < ends and each.until > begins]
        empty = [slot for slot in EXPECTED if not any(p.slot == slot and p.is_set for p in today)]
        if empty:
            names = gettext(", ").join(str(slot.label) for slot in empty)
            said = gettext("Nothing approved for: %(slots)s") % {"slots": names}
            marks.append(Mark(day, "gap", said, is_gap=True))
        marks += [Mark(day, code, said) for code, said in _clashes(today)]
    return marks


def _clashes(today: Sequence[Planned]) -> Iterator[tuple[str, str]]:
    for slot, most in CAPACITY.items():
        own = [each for each in today if each.slot == slot and not each.is_fallback]
        label = str(Slot(slot).label)
        many = _at_once([each for each in own if not each.whom])
        if many > most:
            yield (
                "full",
                gettext("%(slot)s: %(many)s at once, room for %(most)s")
                % {"slot": label, "many": many, "most": most},
            )
        ranks: dict[tuple[int, tuple[Any, ...]], list[Planned]] = {}
        for each in own:
            ranks.setdefault((each.priority, each.whom), []).append(each)
        for (priority, _whom), rivals in sorted(ranks.items(), key=lambda rank: -rank[0][0]):
            if priority and _at_once(rivals) > 1:
                yield (
                    "rank",
                    gettext("%(slot)s: several with priority %(priority)s")
                    % {"slot": label, "priority": priority},
                )


def _at_once(planned: Sequence[Planned]) -> int:
    """How many of them stand at the same moment, at most?"""
    steps = sorted([(p.first, 1) for p in planned] + [(p.until, -1) for p in planned])
    most = now = 0
    for _moment, step in steps:  # an end comes before a beginning at the same moment
        now += step
        most = max(most, now)
    return most


def _planned(scope: Scope, asked: Asked) -> list[Planned]:
    here = Q(branch_id=scope.branch_id) | Q(handed_down=True, branch_id__in=scope.ancestors)
    window = Q(shown_from__lt=asked.until, shown_until__gt=max(asked.first, scope.at))
    live = list(LivePlacement.objects.filter(here & window).order_by("-priority", "-id")[:_MOST])
    items = {
        item_id: (first, until)
        for item_id, first, until in LiveItem.objects.filter(here & window)
        .filter(item_id__in={place.item_id for place in live})
        .order_by()
        .values_list("item_id", "shown_from", "shown_until")
    }
    planned = []
    for place in live:
        # It shows only while its item does.
        first, until = items.get(place.item_id, (place.shown_until, place.shown_until))
        first, until = max(first, place.shown_from), min(until, place.shown_until)
        if first < until and _stands_here(place, scope):
            planned.append(_as_planned(place, place.placement_id, first, until, is_set=True))
    own = Placement.objects.filter(Q(branch_id=scope.branch_id) & window).exclude(
        pk__in=[each.key for each in planned]
    )
    planned += [
        _as_planned(draft, draft.pk, draft.shown_from, draft.shown_until, is_set=False)
        for draft in own.order_by("-priority", "-id")[:_MOST]
        if _stands_here(draft, scope)
    ]
    return planned


def _stands_here(place: Any, scope: Scope) -> bool:
    return not place.branch_ids or not set(place.branch_ids).isdisjoint(scope.line)


def _as_planned(place: Any, key: UUID, first: datetime, until: datetime, *, is_set: bool) -> Planned:
    whom = (*sorted(place.tag_ids), *sorted(place.stages))
    return Planned(key, place.slot, place.priority, first, until, whom, place.is_fallback, is_set)
