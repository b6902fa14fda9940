"""How content items are approved: what is frozen, what goes live, what the reviewer reads."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.kinds import Description, Facts, Frozen, Kind, Line, Picture
from campaigns.approvals.moves import referring_to
from campaigns.approvals.selectors import hash_in_view
from campaigns.lib.products import ProductClass
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.planning.selectors import campaign_in_scope
from campaigns.rewards.models import LiveBatch
from campaigns.tenants.scopes import Scope
from content.addresses import CONTENT_TYPES
from content.blocks.assets import frozen_asset
from content.blocks.refusals import BlockIsWrong
from content.blocks.writing import batches_in, freeze_blocks, lines_of, shown_blocks, thaw_blocks
from content.category_selectors import category_name
from content.copies import ITEMS, campaign_of, item_differences, window_of
from content.coupons import coupon_sentence, sentence_of
from content.files import read_file
from content.handing_selectors import drift_of
from content.item_kinds import RULES, ItemKind, RiskLevel
from content.localising import handed_lines, local_payload, open_lines
from content.models import Item
from content.pictures_frozen import frozen_in
from content.readiness import missing_in
from content.rich_text import clean, is_link, plain
from content.selectors import asset_in_scope, item_in_scope
from content.services import live
from content.services.items import change_item
from content.services.localising import restore_local
from content.showing import STYLES, reach, reward, window_lines, window_payload, window_values
from content.sights import StaffSight

# What a phone shows of it.
ITEM_TEMPLATE = "content/phone/item.html"
# The rendition that an evidence sheet shows.
_FOR_EVIDENCE = "fallback"
# Frozen word for word.
_WORDS = ("product_class", "product_code", "risk_level", "disclosure", "link")


def item_payload(*, scope: Scope, item: Item) -> dict[str, Any]:
    """A draft as JSON: everything that customers would see of it, and what of it branches may change ("open")."""
    if item.basis_id is not None:
        return local_payload(scope=scope, item=item, window=window_payload(item))
    return {
        "kind": item.kind,
        "title": item.title,
        "summary": item.summary,
        "body": clean(item.body),
        "picture": frozen_asset(scope=scope, asset=item.asset) if item.asset else None,
        "batch_id": str(item.batch_id) if item.batch_id else None,
        "campaign_id": str(item.campaign_id) if item.campaign_id else None,
        "category": item.category_id or "",
        "blocks": freeze_blocks(scope=scope, blocks=item.blocks),
        **{name: getattr(item, name) for name in _WORDS},
        **window_payload(item),
        # Left out while nothing is open, so that what was approved before there were such keeps its hash.
        **({"open": item.open_parts} if item.open_parts and item.handed_down else {}),
    }


def freeze_item(scope: Scope, item_id: UUID) -> Frozen:
    """The draft and what it still lacks. Raises NotFound."""
    item = item_in_scope(scope=scope, item_id=item_id)
    payload = item_payload(scope=scope, item=item)
    missing = [each.words for each in missing_in(scope=scope, item=item)]
    refers = {}
    for batch_id in batches_of(payload):
        promised = ref("rewards.batch", batch_id)
        seen = hash_in_view(scope=scope, subject=promised)
        refers[promised] = seen or _handed_down_hash(scope, batch_id)
    if item.basis_id is not None:
        # Whoever approves a local version does so beside the original that is live now.
        current = drift_of(scope=scope, item=item).current
        refers[ref("content.original", payload["handed"]["item"])] = current.sha256 if current else ""
    return Frozen(item.title, payload, item.branch_id, item.branch_pos, missing, refers)


def _handed_down_hash(scope: Scope, batch_id: str) -> str:
    """Of a batch of a branch above: its reviews are out of sight, what is live of it is not."""
    live = LiveBatch.objects.visible(scope).filter(batch_id=batch_id).first()
    return live.sha256 if live else ""


def batches_of(payload: Mapping[str, Any]) -> list[str]:
    """The coupon batches that a payload names, its own first, each once."""
    own = [payload["batch_id"]] if payload["batch_id"] else []
    return list(dict.fromkeys([*own, *batches_in(payload.get("blocks", ()))]))


def item_facts(scope: Scope, frozen: Frozen) -> Facts:
    """What it advertises, what its coupons give away in all, and how many can see it."""
    return Facts(
        product_class=frozen.payload["product_class"],
        reward_fen=reward(scope, batches_of(frozen.payload)),
        audience=reach(scope, frozen),
    )


def pictures_of_item(scope: Scope, payload: Mapping[str, Any]) -> list[Picture]:
    """Its pictures as they were frozen, whole, in the format that every reader knows; each under its line's key."""
    found = []
    for key, picture in _pictures_by_line(payload):
        made = next((m for m in picture["renditions"] if m["name"] == _FOR_EVIDENCE), None)
        if made is not None:
            body = read_file(UUID(made["id"]), made["format"])
            found.append(Picture(key, made["sha256"], CONTENT_TYPES[made["format"]], body))
    return found


def _pictures_by_line(payload: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    found = [("picture", each) for each in frozen_in(payload["picture"])]
    for block in payload.get("blocks", ()):
        for part, value in block.items():
            found += [(f"blocks.{block['id']}.{part}", each) for each in frozen_in(value)]
    return found


def restore_item(scope: Scope, item_id: UUID, payload: Mapping[str, Any]) -> None:
    """The draft as it was frozen. Raises RefersToNothing when a picture, batch or campaign of it is gone."""
    if "handed" in payload:
        return restore_local(scope=scope, item_id=item_id, payload=payload)
    picture, campaign = payload["picture"], payload["campaign_id"]
    with referring_to(gettext("picture")):
        asset_id = _there(scope, UUID(picture["asset"])) if picture else None
    with referring_to(gettext("campaign")):
        campaign_id = campaign_in_scope(scope=scope, campaign_id=UUID(campaign)).pk if campaign else None
    with referring_to(gettext("blocks")):
        try:
            change_item(
                scope=scope,
                item_id=item_id,
                title=payload["title"],
                summary=payload["summary"],
                body=payload["body"],
                asset_id=asset_id,
                campaign_id=campaign_id,
                batch_id=UUID(payload["batch_id"]) if payload["batch_id"] else None,
                category_code=payload.get("category", ""),
                blocks=thaw_blocks(payload.get("blocks", ())),
                # Frozen before there were such parts: it has none.
                **{name: payload.get(name, "") for name in _WORDS},
                open_parts=payload.get("open", []),
                **window_values(payload),
            )
        except BlockIsWrong as wrong:
            raise NotFound from wrong


def _there(scope: Scope, asset_id: UUID) -> UUID:
    """Raises NotFound, also for what was removed from the library."""
    asset = asset_in_scope(scope=scope, asset_id=asset_id)
    if asset.retired_at is not None:
        raise NotFound
    return asset_id


def phone_context(*, scope: Scope, payload: Mapping[str, Any], through: UUID | None = None) -> dict[str, Any]:
    """What the phone's template is given, for a draft, a submitted and a live payload alike. `through`: the item of a
    branch above whose payload it is.
    """
    picture, link = payload["picture"], payload.get("link", "")
    sight = StaffSight(scope, through=through or _original_of(payload))
    return {
        "kind": payload["kind"],
        "title": payload["title"],
        "summary": payload["summary"],
        "body": clean(payload["body"]),
        "picture": picture,
        "lacks_picture": picture is None and "picture" in RULES[payload["kind"]].needs,
        "urls": sight.addresses(picture) if picture else {},
        "coupon": coupon_sentence(scope=scope, batch_id=payload["batch_id"]),
        "link": link if is_link(link) else "",
        "product": {
            "class": _class_name(payload.get("product_class", "")),
            "code": payload.get("product_code", ""),
            "risk": _risk_name(payload.get("risk_level", "")),
            "disclosure": payload.get("disclosure", ""),
        },
        "blocks": [
            {"template": kind.template, "block": block}
            for kind, block in shown_blocks(sight=sight, blocks=payload.get("blocks", ()))
        ],
    }


def describe_item(scope: Scope, payload: Mapping[str, Any], through: UUID | None = None) -> Description:
    """The item on a phone, and its facts line by line: those that its kind has. `through` as at `phone_context`."""
    context = phone_context(scope=scope, payload=payload, through=through)
    sight = StaffSight(scope, through=through or _original_of(payload))
    picture, blocks = payload["picture"], payload.get("blocks", ())
    lines = [
        ("", Line("kind", _name("kind"), str(ItemKind(payload["kind"]).label))),
        ("", Line("title", _name("title"), payload["title"])),
        ("", Line("summary", _name("summary"), payload["summary"])),
        ("", Line("category", _name("category"), category_name(payload.get("category", "")))),
        ("body", Line("body", _name("body"), plain(payload["body"]))),
        (
            "picture",
            Line(
                "picture",
                gettext("picture"),
                picture["sha256"][:12] if picture else "",
                picture=context["urls"].get("poster", ""),
            ),
        ),
        ("picture", Line("alt", gettext("description of the picture"), picture["alt"] if picture else "")),
        ("link", Line("link", _name("link"), payload.get("link", ""))),
        ("class", Line("product_class", _name("product_class"), context["product"]["class"])),
        ("product", Line("product_code", _name("product_code"), context["product"]["code"])),
        ("product", Line("risk_level", _name("risk_level"), context["product"]["risk"])),
        ("product", Line("disclosure", _name("disclosure"), context["product"]["disclosure"])),
        (
            "coupon",
            Line("coupon", gettext("coupon batch"), sentence_of(scope=scope, batch_id=payload["batch_id"])),
        ),
    ]
    rules = RULES[payload["kind"]]
    addresses = {each["sha256"]: sight.addresses(each).get("poster", "") for each in frozen_in(list(blocks))}
    return Description(
        template=ITEM_TEMPLATE,
        context=context,
        lines=[
            # What a kind has not, and what is not there, is not said.
            *(line for part, line in lines if not part or rules.shows(part) or line.value),
            *lines_of(scope=scope, blocks=blocks, pictures=addresses),
            *window_lines(scope, payload),
            *open_lines(payload),
            *handed_lines(payload),
        ],
        styles=STYLES,
    )


def _original_of(payload: Mapping[str, Any]) -> UUID | None:
    return UUID(payload["handed"]["item"]) if "handed" in payload else None


def _name(field: str) -> str:
    return str(Item._meta.get_field(field).verbose_name)  # type: ignore[union-attr]


def _class_name(code: str) -> str:
    return str(ProductClass(code).label) if code in ProductClass.values else ""


def _risk_name(code: str) -> str:
    return str(RiskLevel(code).label) if code in RiskLevel.values else ""


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
