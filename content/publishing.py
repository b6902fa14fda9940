"""How content is approved: what is frozen, what goes live, what the reviewer reads."""

from collections.abc import Mapping
from datetime import datetime
from html import unescape
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.html import strip_tags
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.kinds import Description, Facts, Frozen, Kind, Line, Picture
from campaigns.approvals.moves import referring_to
from campaigns.approvals.selectors import hash_in_view
from campaigns.customers.selectors import reach_of
from campaigns.lib.clock import FOREVER
from campaigns.lib.products import ProductClass
from campaigns.lib.refs import ref
from campaigns.planning.selectors import campaign_in_scope
from campaigns.rewards.models import LiveBatch
from campaigns.rewards.selectors.coupons import sentences_of, zone_of
from campaigns.tenants.scopes import Scope
from content.addresses import CONTENT_TYPES, staff_addresses
from content.asset_payloads import picture_of
from content.copies import (
    ITEMS,
    PLACEMENTS,
    campaign_of,
    item_differences,
    placement_differences,
    window_of,
)
from content.files import read_file
from content.models import Item, Slot
from content.rich_text import clean
from content.selectors import asset_in_scope, item_in_scope, placement_in_scope
from content.services import live
from content.services.items import change_item
from content.services.placements import change_placement

# What a phone shows of these.
ITEM_TEMPLATE = "content/phone/item.html"
PLACEMENT_TEMPLATE = "content/phone/placement.html"
STYLES = ("content/phone.css",)
# The rendition that an evidence sheet shows.
_FOR_EVIDENCE = "fallback"


def item_payload(*, item: Item) -> dict[str, Any]:
    """A draft as JSON: everything that customers would see of it."""
    return {
        "kind": item.kind,
        "title": item.title,
        "summary": item.summary,
        "body": clean(item.body),
        "product_class": item.product_class,
        "picture": picture_of(asset=item.asset) if item.asset else None,
        "batch_id": str(item.batch_id) if item.batch_id else None,
        "campaign_id": str(item.campaign_id) if item.campaign_id else None,
        **_window_payload(item),
    }


def freeze_item(scope: Scope, item_id: UUID) -> Frozen:
    """The draft and what it still lacks. Raises NotFound."""
    item = item_in_scope(scope=scope, item_id=item_id)
    missing = []
    if item.asset is None:
        missing.append(gettext("a picture"))
    else:
        if not item.asset.alt:
            missing.append(gettext("a description of the picture, for people who cannot see it"))
        if item.asset.rights_until <= max(scope.at, item.shown_from):
            missing.append(gettext("a picture whose rights have not ended"))
    if item.shown_until <= scope.at:
        missing.append(gettext("a time to be shown that is not over yet"))
    refers = {}
    if item.batch_id:
        promised = ref("rewards.batch", item.batch_id)
        refers[promised] = hash_in_view(scope=scope, subject=promised) or _handed_down_hash(
            scope, item.batch_id
        )
    return Frozen(item.title, item_payload(item=item), item.branch_id, item.branch_pos, missing, refers)


def _handed_down_hash(scope: Scope, batch_id: UUID) -> str:
    """Of a batch of a branch above: its reviews are out of sight, what is live of it is not."""
    live = LiveBatch.objects.visible(scope).filter(batch_id=batch_id).first()
    return live.sha256 if live else ""


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
        **_window_payload(placement),
    }
    shown = ref("content.item", placement.item_id)
    refers = {shown: hash_in_view(scope=scope, subject=shown)}
    return Frozen(str(placement), payload, placement.branch_id, placement.branch_pos, missing, refers)


def item_facts(scope: Scope, frozen: Frozen) -> Facts:
    """What it advertises, what its coupon gives away in all, and how many can see it."""
    return Facts(
        product_class=frozen.payload["product_class"],
        reward_fen=_reward_of(scope, frozen.payload["batch_id"]),
        audience=_reach_of(scope, frozen),
    )


def placement_facts(scope: Scope, frozen: Frozen) -> Facts:
    """What the item that fills the place advertises and gives away, and how many can see the place."""
    item = item_in_scope(scope=scope, item_id=UUID(frozen.payload["item_id"]))
    return Facts(
        product_class=item.product_class,
        reward_fen=_reward_of(scope, str(item.batch_id) if item.batch_id else None),
        audience=_reach_of(scope, frozen),
    )


def _reach_of(scope: Scope, frozen: Frozen) -> int:
    return reach_of(scope=scope, branch_id=frozen.branch_id, handed_down=frozen.payload["handed_down"])


def _reward_of(scope: Scope, batch_id: str | None) -> int:
    """Of the batch as customers can claim it, in fen; nothing while it is not live."""
    batch = LiveBatch.objects.visible(scope).filter(batch_id=batch_id).first() if batch_id else None
    return batch.quota * batch.off_fen if batch else 0


def _window_payload(draft: Any) -> dict[str, Any]:
    return {
        "shown_from": draft.shown_from.isoformat(),
        "shown_until": draft.shown_until.isoformat(),
        "handed_down": draft.handed_down,
    }


def pictures_of_item(scope: Scope, payload: Mapping[str, Any]) -> list[Picture]:
    """The poster as it was frozen, whole, in the format that every reader knows."""
    picture = payload["picture"]
    made = next((m for m in picture["renditions"] if m["name"] == _FOR_EVIDENCE), None) if picture else None
    if made is None:
        return []
    body = read_file(UUID(made["id"]), made["format"])
    return [Picture("picture", made["sha256"], CONTENT_TYPES[made["format"]], body)]


def restore_item(scope: Scope, item_id: UUID, payload: Mapping[str, Any]) -> None:
    """The draft as it was frozen. Raises RefersToNothing when its picture or campaign is gone."""
    picture, campaign = payload["picture"], payload["campaign_id"]
    with referring_to(gettext("picture")):
        asset_id = asset_in_scope(scope=scope, asset_id=UUID(picture["asset"])).pk if picture else None
    with referring_to(gettext("campaign")):
        campaign_id = campaign_in_scope(scope=scope, campaign_id=UUID(campaign)).pk if campaign else None
    change_item(
        scope=scope,
        item_id=item_id,
        title=payload["title"],
        summary=payload["summary"],
        body=payload["body"],
        asset_id=asset_id,
        campaign_id=campaign_id,
        batch_id=UUID(payload["batch_id"]) if payload["batch_id"] else None,
        product_class=payload.get("product_class", ""),
        **_window_of(payload),
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
        **_window_of(payload),
    )


def _window_of(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What `_window_payload` froze."""
    return {
        "shown_from": datetime.fromisoformat(payload["shown_from"]),
        "shown_until": datetime.fromisoformat(payload["shown_until"]),
        "handed_down": payload["handed_down"],
    }


def phone_context(*, scope: Scope, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What the phone's template is given, for a draft, a submitted and a live payload alike."""
    picture = payload["picture"]
    return {
        "title": payload["title"],
        "summary": payload["summary"],
        "body": clean(payload["body"]),
        "picture": picture,
        "urls": staff_addresses(scope=scope, picture=picture) if picture else {},
        "coupon": _coupon_sentence(scope, payload["batch_id"]),
    }


def describe_item(scope: Scope, payload: Mapping[str, Any]) -> Description:
    """The poster on a phone, and its facts line by line."""
    picture = payload["picture"]
    context = phone_context(scope=scope, payload=payload)
    label = Item._meta.get_field
    return Description(
        template=ITEM_TEMPLATE,
        context=context,
        lines=[
            Line("title", str(label("title").verbose_name), payload["title"]),  # type: ignore[union-attr]
            Line("summary", str(label("summary").verbose_name), payload["summary"]),  # type: ignore[union-attr]
            Line("body", str(label("body").verbose_name), _plain(payload["body"])),  # type: ignore[union-attr]
            Line(
                "picture",
                gettext("picture"),
                picture["sha256"][:12] if picture else "",
                picture=context["urls"].get("poster", ""),
            ),
            Line("alt", gettext("description of the picture"), picture["alt"] if picture else ""),
            # Frozen before there were classes: it has none.
            Line("product_class", gettext("product class"), _class_name(payload.get("product_class", ""))),
            Line("coupon", gettext("coupon batch"), _coupon_line(scope, payload["batch_id"])),
            *_window_lines(scope, payload),
        ],
        styles=STYLES,
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
            *_window_lines(scope, payload),
        ],
        styles=STYLES,
    )


def _item_now(scope: Scope, item_id: UUID) -> dict[str, Any]:
    return phone_context(scope=scope, payload=item_payload(item=item_in_scope(scope=scope, item_id=item_id)))


def _plain(html: str) -> str:
    """The text of a body with its paragraphs kept, as a customer reads it."""
    for end in ("</p>", "</li>", "</h2>", "</h3>", "</h4>", "<br>"):
        html = html.replace(end, end + "\n")
    # "保&nbsp;本" reads 保 本.
    return unescape(strip_tags(html)).strip()


def _class_name(code: str) -> str:
    return str(ProductClass(code).label) if code in ProductClass.values else ""


def _window_lines(scope: Scope, payload: Mapping[str, Any]) -> list[Line]:
    zone = zone_of(scope=scope)
    first, last = (
        datetime.fromisoformat(payload["shown_from"]),
        datetime.fromisoformat(payload["shown_until"]),
    )
    return [
        Line("from", gettext("shown from"), _moment(first, zone)),
        Line(
            "until", gettext("shown until"), gettext("open end") if last >= FOREVER else _moment(last, zone)
        ),
        Line(
            "reach",
            gettext("for"),
            gettext("this branch and those below")
            if payload["handed_down"]
            else gettext("this branch alone"),
        ),
    ]


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return str(date_format(moment.astimezone(zone), "DATETIME_FORMAT"))


def _coupon_sentence(scope: Scope, batch_id: str | None) -> str:
    """The sentence of the coupon as customers read it; empty while nobody can claim it."""
    if not batch_id:
        return ""
    batch = LiveBatch.objects.visible(scope).filter(batch_id=batch_id).first()
    if batch is None:
        return ""
    zh, en = sentences_of(promise=batch, zone=zone_of(scope=scope))
    return zh if (get_language() or "zh").startswith("zh") else en


def _coupon_line(scope: Scope, batch_id: str | None) -> str:
    if not batch_id:
        return ""
    return _coupon_sentence(scope, batch_id) or gettext(
        "a batch that is not live: customers will not see it yet"
    )


ITEM = Kind(
    code="content.item",
    label=_("Content item"),
    freeze=freeze_item,
    go_live=lambda scope, revision: live.publish_item(scope=scope, revision=revision),
    take_down=lambda scope, item_id: live.withdraw_item(scope=scope, item_id=item_id),
    describe=describe_item,
    facts=item_facts,
    window=window_of,
    differences=item_differences,
    copies=ITEMS,
    campaign=campaign_of,
    restore=restore_item,
    pictures=pictures_of_item,
)
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
