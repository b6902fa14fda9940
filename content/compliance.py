"""What is looked for in content alone: pictures whose rights end too early, and coupons that are not as promised."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.checks import Check, Found, Sight
from campaigns.lib.clock import FOREVER
from campaigns.lib.money import yuan
from campaigns.rewards.models import Kind, LiveBatch
from campaigns.rewards.selectors.coupons import zone_of
from campaigns.tenants.scopes import Scope
from content.models import Asset

ITEM = "content.item"


def look_at_rights(scope: Scope, sight: Sight) -> list[Found]:
    """The rights in the picture end before it is to be taken from the screen."""
    payload = sight.frozen.payload
    picture = payload["picture"]
    asset = Asset.objects.within(scope).filter(pk=picture["asset"]).first() if picture else None
    if asset is None or asset.rights_until >= FOREVER:
        return []
    if asset.rights_until >= datetime.fromisoformat(payload["shown_until"]):
        return []
    until = date_format(asset.rights_until.astimezone(zone_of(scope=scope)), "Y-m-d H:i")
    return [Found("picture", excerpt=asset.name, args={"until": until})]


def say_rights(args: Mapping[str, Any]) -> str:
    return gettext("The rights in this picture end %(until)s, and it is to be shown longer than that.") % {
        "until": args.get("until", "")
    }


# 满100减20, 满 100 元立减 20 元; amounts in yuan, with or without fen
_OFFER = re.compile(r"满\s*(\d+(?:\.\d{1,2})?)\s*元?\s*[，,]?\s*(?:立|可|即|再)?减\s*(\d+(?:\.\d{1,2})?)")


def look_at_coupon(scope: Scope, sight: Sight) -> list[Found]:
    """An offer in the text that the chosen coupon does not make."""
    batch_id = sight.frozen.payload["batch_id"]
    batch = LiveBatch.objects.visible(scope).filter(batch_id=batch_id).first() if batch_id else None
    if batch is None:
        return []
    gives = (batch.threshold_fen, batch.off_fen)
    return [
        Found(line.key, match.start(), match.end(), args={"from_fen": gives[0], "off_fen": gives[1]})
        for line in sight.lines
        if line.key in ("title", "summary", "body", "alt")
        for match in _OFFER.finditer(line.value)
        # A coupon of another kind does not make such an offer at all.
        if batch.kind != Kind.CASH_OFF or (_fen(match[1]), _fen(match[2])) != gives
    ]


def say_coupon(args: Mapping[str, Any]) -> str:
    return gettext("The coupon chosen here gives something else: %(off)s off an order from %(from)s.") % {
        "off": yuan(args.get("off_fen", 0)),
        "from": yuan(args.get("from_fen", 0)),
    }


def _fen(amount: str) -> int:
    whole, _dot, part = amount.partition(".")
    return int(whole) * 100 + int((part + "00")[:2])


RIGHTS = Check(
    code="content.rights", label=_("Rights in pictures"), look=look_at_rights, say=say_rights, kinds=(ITEM,)
)
COUPON = Check(code="content.coupon", label=_("Coupon"), look=look_at_coupon, say=say_coupon, kinds=(ITEM,))
