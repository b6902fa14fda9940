"""The home page as the walls alone let a customer see it: asked anew each time, in the customer's own scope.

What is prepared beforehand (content/delivery) must always be the same.
"""

from dataclasses import dataclass
from typing import Any

from campaigns.lib.refusals import NotFound
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from content.home_rules import Viewer, choose, stands_at, suits
from content.models import LivePlacement
from content.selectors import Card, content_for


@dataclass(frozen=True, slots=True)
class Home:
    """A customer's home page, card by card."""

    branch: Branch
    slots: dict[str, list[tuple[Card, str]]]

    @property
    def banner(self) -> list[Card]:
        return [card for card, _why in self.slots["home.banner"]]

    @property
    def feed(self) -> list[Card]:
        return [card for card, _why in self.slots["home.feed"]]


def home_feed(*, scope: Scope, viewer: Viewer | None = None) -> Home:
    """The page, as choosing by the rules from what the database shows makes it."""
    viewer = viewer or Viewer(is_personalised=False)
    cards: dict[Any, Card] = {}
    places = []
    for place in LivePlacement.objects.order_by("-priority", "-branch_pos", "-id"):
        if not stands_at(place, scope.line) or not suits(place, viewer):
            continue
        try:
            cards[place.item_id] = content_for(scope=scope, content_id=place.item_id)
        except NotFound:
            continue
        places.append(place)
    chosen = choose(places, branch_id=scope.branch_id)
    return Home(
        Branch.objects.get(pk=scope.branch_id),
        {slot: [(cards[one.place.item_id], one.why) for one in some] for slot, some in chosen.items()},
    )
