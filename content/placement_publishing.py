"""How placements are approved: what is frozen, what goes live, what the reviewer reads."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.kinds import Description, Facts, Frozen, Kind, Line
from campaigns.approvals.moves import referring_to
from campaigns.approvals.selectors import hash_in_view
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope
from content.copies import PLACEMENTS, placement_differences, window_of
from content.item_publishing import batches_of, item_payload, phone_context
from content.models import Slot
from content.placement_terms import lines_of, payload_of, whom_of
from content.selectors import item_in_scope, placement_in_scope
from content.services import live
from content.services.placements import change_placement
from content.showing import STYLES, reach, reward, window_lines, window_payload, window_values

PLACEMENT_TEMPLATE = "content/phone/placement.html"


def freeze_placement(scope: Scope, placement_id: UUID) -> Frozen:
    """The draft and what it still lacks. Raises NotFound."""
    placement = placement_in_scope(scope=scope, placement_id=placement_id)
    missing = []
    if placement.shown_until <= scope.at:
        missing.append(gettext("a time to be shown that is not over yet"))
    payload = {
        "slot": placement.slot,
        "item_id": str(placement.item_id),
        "item_title": placement.item.title,
        "priority": placement.priority,
        **payload_of(whom_of(placement)),
        **window_payload(placement),
    }
    shown = ref("content.item", placement.item_id)
    refers = {shown: hash_in_view(scope=scope, subject=shown)}
    return Frozen(str(placement), payload, placement.branch_id, placement.branch_pos, missing, refers)


def placement_facts(scope: Scope, frozen: Frozen) -> Facts:
    """What the item that fills the place advertises and gives away, and how many can see the place."""
    item = item_in_scope(scope=scope, item_id=UUID(frozen.payload["item_id"]))
    return Facts(
        product_class=item.product_class,
        reward_fen=reward(scope, batches_of(item_payload(scope=scope, item=item))),
        audience=reach(scope, frozen),
    )


def restore_placement(scope: Scope, placement_id: UUID, payload: Mapping[str, Any]) -> None:
    """The draft as it was frozen. Raises RefersToNothing when its content item is gone."""
    with referring_to(gettext("content item")):
        item_id = item_in_scope(scope=scope, item_id=UUID(payload["item_id"])).pk
    change_placement(
        scope=scope,
        placement_id=placement_id,
        slot=payload["slot"],
        item_id=item_id,
        priority=payload["priority"],
        whom=whom_of(payload),
        **window_values(payload),
    )


def describe_placement(scope: Scope, payload: Mapping[str, Any]) -> Description:
    """Where what is shown, and when."""
    return Description(
        template=PLACEMENT_TEMPLATE,
        context={
            "slot": str(Slot(payload["slot"]).label),
            "is_banner": payload["slot"] == Slot.HOME_BANNER,
            **_item_now(scope, UUID(payload["item_id"])),
        },
        lines=[
            Line("slot", gettext("slot"), str(Slot(payload["slot"]).label)),
            Line("item", gettext("content item"), payload["item_title"]),
            Line("priority", gettext("priority"), str(payload["priority"])),
            *lines_of(whom_of(payload)),
            *window_lines(scope, payload),
        ],
        styles=STYLES,
    )


def _item_now(scope: Scope, item_id: UUID) -> dict[str, Any]:
    item = item_in_scope(scope=scope, item_id=item_id)
    return phone_context(scope=scope, payload=item_payload(scope=scope, item=item))


PLACEMENT = Kind(
    code="content.placement",
    label=_("Placement"),
    freeze=freeze_placement,
    go_live=lambda scope, revision: live.publish_placement(scope=scope, revision=revision),
    take_down=lambda scope, placement_id: live.withdraw_placement(scope=scope, placement_id=placement_id),
    describe=describe_placement,
    facts=placement_facts,
    window=window_of,
    differences=placement_differences,
    copies=PLACEMENTS,
    restore=restore_placement,
)
