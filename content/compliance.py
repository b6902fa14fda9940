"""What is looked for in content when it is submitted, beside forbidden words, links and disclosures."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.checks import Check, Found, Sight
from campaigns.lib.clock import FOREVER
from campaigns.lib.money import yuan
from campaigns.rewards.models import Kind, LiveBatch
from campaigns.rewards.selectors.coupons import batches_within, zone_of
from campaigns.tenants.scopes import Scope
from content.item_kinds import ItemKind
from content.item_publishing import batches_of
from content.models import Asset, Item, LiveItem
from content.pictures_frozen import frozen_in

ITEM = "content.item"


def _assets(payload: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each asset of a payload, with the line in which it stands."""
    for each in frozen_in(payload["picture"]):
        yield "picture", each
    for block in payload.get("blocks", ()):
        for part, value in block.items():
            for each in frozen_in(value):
                yield f"blocks.{block['id']}.{part}", each


def look_at_rights(scope: Scope, sight: Sight) -> list[Found]:
    """The rights in what it shows end before it is to be taken from the screen."""
    payload = sight.frozen.payload
    until = datetime.fromisoformat(payload["shown_until"])
    shown = list(_assets(payload))
    rows = Asset.objects.within(scope).filter(pk__in={each["asset"] for _line, each in shown})
    ending = {str(row.pk): row for row in rows if row.rights_until < min(until, FOREVER)}
    zone = zone_of(scope=scope) if ending else None
    return [
        Found(
            line,
            excerpt=ending[each["asset"]].name,
            args={
                "until": date_format(ending[each["asset"]].rights_until.astimezone(zone), "Y-m-d H:i"),
            },
        )
        for line, each in shown
        if each["asset"] in ending
    ]


def say_rights(args: Mapping[str, Any]) -> str:
    return gettext("The rights in this picture end %(until)s, and it is to be shown longer than that.") % {
        "until": args.get("until", "")
    }


# 满100减20, 满 100 元立减 20 元; amounts in yuan, with or without fen
_OFFER = re.compile(r"满\s*(\d+(?:\.\d{1,2})?)\s*元?\s*[，,]?\s*(?:立|可|即|再)?减\s*(\d+(?:\.\d{1,2})?)")
# Lines that say what a coupon gives, and not what the editor wrote of it.
_GIVEN = re.compile(r"coupon|blocks\.[a-z0-9]+\.batch")


def look_at_coupon(scope: Scope, sight: Sight) -> list[Found]:
    """An offer in the text that none of the chosen coupons makes."""
    batch_ids = batches_of(sight.frozen.payload)
    batches = list(LiveBatch.objects.visible(scope).filter(batch_id__in=batch_ids)) if batch_ids else []
    if not batches:
        return []
    # A coupon of another kind does not make such an offer at all.
    made = {(batch.threshold_fen, batch.off_fen) for batch in batches if batch.kind == Kind.CASH_OFF}
    first = batches[0]
    return [
        Found(
            line.key,
            match.start(),
            match.end(),
            args={"from_fen": first.threshold_fen, "off_fen": first.off_fen},
        )
        for line in sight.lines
        if not line.picture and not _GIVEN.fullmatch(line.key)
        for match in _OFFER.finditer(line.value)
        if (_fen(match[1]), _fen(match[2])) not in made
    ]


def say_coupon(args: Mapping[str, Any]) -> str:
    return gettext("The coupon chosen here gives something else: %(off)s off an order from %(from)s.") % {
        "off": yuan(args.get("off_fen", 0)),
        "from": yuan(args.get("from_fen", 0)),
    }


def _fen(amount: str) -> int:
    whole, _dot, part = amount.partition(".")
    return int(whole) * 100 + int((part + "00")[:2])


def look_at_product(scope: Scope, sight: Sight) -> list[Found]:
    """A product card that says nothing of the risk, or less than its level."""
    payload = sight.frozen.payload
    if payload["kind"] != ItemKind.PRODUCT:
        return []
    if not payload.get("disclosure", "").strip():
        return [Found("disclosure", args={"why": "empty"})]
    level = payload.get("risk_level", "")
    if level and not re.search(rf"(?<![A-Za-z0-9]){level}(?![0-9])", payload["disclosure"]):
        return [Found("disclosure", args={"why": "level", "level": level})]
    return []


def say_product(args: Mapping[str, Any]) -> str:
    if args.get("why") == "level":
        return gettext("The risk disclosure must name the risk level, %(level)s.") % {
            "level": args.get("level", "")
        }
    return gettext("A product card must carry a risk disclosure: write what may be lost, and who it is for.")


# Pages of the mini-program that show one thing of ours.
_PAGE_OF = re.compile(
    r"/pages/(content|batch)\?(?:[^#\s\"]*&)?id=([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"
)


def look_at_references(scope: Scope, sight: Sight) -> list[Found]:
    """Coupons and pages that are referred to and are not there for the customers of this branch."""
    payload = sight.frozen.payload
    named = [("coupon", payload["batch_id"])] if payload["batch_id"] else []
    named += [
        (f"blocks.{block['id']}.batch", block["batch"])
        for block in payload.get("blocks", ())
        if block.get("batch")
    ]
    known = _batches_known(scope, {batch_id for _line, batch_id in named})
    found = [Found(line, args={"what": "batch"}) for line, batch_id in named if batch_id not in known]
    links = [(link.line, link.address) for link in sight.links]
    links += [(line.key, line.value) for line in sight.lines if line.key.endswith("link")]
    for line, address in dict.fromkeys(links):
        match = _PAGE_OF.match(address)
        if match is None:
            continue
        known = _batches_known(scope, {match[2]}) if match[1] == "batch" else _items_known(scope, match[2])
        if match[2] not in known:
            found.append(Found(line, excerpt=address[:200], args={"what": match[1]}))
    return found


def _batches_known(scope: Scope, batch_ids: set[str]) -> set[str]:
    own = batches_within(scope=scope).filter(pk__in=batch_ids).values_list("pk", flat=True)
    live = LiveBatch.objects.visible(scope).filter(batch_id__in=batch_ids).values_list("batch_id", flat=True)
    return {str(key) for key in (*own, *live)}


def _items_known(scope: Scope, item_id: str) -> set[str]:
    key = UUID(item_id)
    is_there = (
        Item.objects.within(scope).filter(pk=key).exists()
        or LiveItem.objects.visible(scope).filter(item_id=key).exists()
    )
    return {item_id} if is_there else set()


def say_reference(args: Mapping[str, Any]) -> str:
    if args.get("what") == "content":
        return gettext("This leads to content that is not there for the customers of this branch.")
    return gettext("This names a coupon batch that is not there for the customers of this branch.")


RIGHTS = Check(
    code="content.rights", label=_("Rights in pictures"), look=look_at_rights, say=say_rights, kinds=(ITEM,)
)
COUPON = Check(code="content.coupon", label=_("Coupon"), look=look_at_coupon, say=say_coupon, kinds=(ITEM,))
PRODUCT = Check(
    code="content.product",
    label=_("Product card"),
    look=look_at_product,
    say=say_product,
    kinds=(ITEM,),
    severity="block",
)
REFERENCES = Check(
    code="content.references",
    label=_("References"),
    look=look_at_references,
    say=say_reference,
    kinds=(ITEM,),
    severity="block",
)
