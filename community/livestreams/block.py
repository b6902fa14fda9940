"""A livestream on a page of content: its cover, its title, when it begins or that it is on. Gone when it is gone."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.scopes import Scope
from community.livestreams.models import Broadcast
from community.livestreams.rules import State
from community.livestreams.selectors import showings_of, shown_to_customer
from content.addresses import customer_addresses
from content.blocks.parts import Part, Sight, Words, Wrong
from content.blocks.registry import BlockKind

_OFFERED = 100


@dataclass(frozen=True, slots=True)
class LivestreamPart(Part):
    """A livestream that is approved, of the scope's branches or handed down to them."""

    def choices(self, scope: Scope) -> list[tuple[str, str]]:
        rows = Broadcast.objects.visible(scope).filter(shown_until__gt=scope.at).order_by("-planned_from")
        return [(str(key), title) for key, title in rows.values_list("livestream_id", "title")[:_OFFERED]]

    def read(self, scope: Scope, value: Any, kept: Any) -> str:
        if not value:
            return ""
        try:
            key = str(UUID(str(value)))
        except ValueError:
            raise Wrong("请选择直播", "choose a livestream") from None
        if key != kept and key not in dict(self.choices(scope)):
            raise Wrong(
                "它不在您的机构范围内，也没有下发给您", "it is not of your branches, and none hands it down"
            )
        return key

    def lacks(self, scope: Scope, value: Any, shown_from: Any) -> str:
        if value and value not in dict(self.choices(scope)):
            return gettext("the livestream is not shown any more")
        return Part.lacks(self, scope, value, shown_from)

    def says(self, scope: Scope, frozen: Any) -> str:
        live = Broadcast.objects.visible(scope).filter(livestream_id=frozen).first() if frozen else None
        return live.title if live else ""

    def shows(self, sight: Sight, frozen: Any) -> Any:
        """What a phone gets of it now; None for what is taken down, cancelled or not announced yet."""
        if not frozen:
            return None
        scope = sight.scope
        key = UUID(frozen)
        if scope.kind == "customer":
            rows = shown_to_customer(scope=scope)
        else:
            rows = Broadcast.objects.visible(scope).filter(shown_until__gt=scope.at)
        live = rows.filter(livestream_id=key).first()
        showing = showings_of(scope=scope, livestream_ids=[key]).get(key) if live else None
        if live is None or showing is None or showing.state in (State.CANCELLED, State.ENDED):
            return None
        if sight.is_page:
            when = live.planned_from.astimezone(zone_of(scope=scope))
            return {
                "title": live.title,
                "cover": sight.addresses(live.cover) if live.cover else {},
                "state": str(showing.get_state_display()),
                "when": date_format(when, "DATETIME_FORMAT"),
            }
        return {
            "id": str(live.livestream_id),
            "title": live.title,
            "state": showing.state,
            "planned_from": live.planned_from,
            "cover": customer_addresses(
                branch_id=live.branch_id, at=scope.at, item_id=live.livestream_id, picture=live.cover
            )
            if live.cover
            else {},
        }


LIVESTREAM = BlockKind(
    "livestream",
    _("Livestream"),
    icon="sensors",
    parts=(
        LivestreamPart(
            "livestream",
            _("livestream"),
            needed=True,
            help=_("Customers see it from its announcement to the end of its replay."),
        ),
        Words("words", _("line above it"), longest=40),
    ),
    template="community/phone_block_livestream.html",
)
