"""What a local version still lacks before it can be submitted: of the parts that are the branch's own."""

from django.utils.translation import gettext

from campaigns.tenants.scopes import Scope
from content.blocks.writing import Missing, place_of
from content.handing_selectors import drift_of
from content.item_kinds import RULES
from content.localising import block_parts
from content.models import Item
from content.rich_text import plain


def missing_locally(*, scope: Scope, item: Item) -> list[Missing]:
    """As `content.readiness.missing_in`."""
    assert item.basis is not None
    drift, found = drift_of(scope=scope, item=item), []
    if drift.current is None:
        found.append(
            Missing("handed", gettext("an original that is shown: what it was made of is not any more"))
        )
    elif not drift.may_stay:
        found.append(
            Missing("handed", gettext("a decision on the changed original: accept it, or object to it"))
        )
    if not item.own_parts:
        found.append(Missing("own", gettext("something of your own: nothing differs from the original")))
    needs = RULES[item.kind].needs
    if "picture" in item.own_parts and item.asset is not None:
        if not item.asset.alt:
            found.append(
                Missing("alt", gettext("a description of the picture, for people who cannot see it"))
            )
        if item.asset.rights_until <= max(scope.at, item.shown_from):
            found.append(Missing("picture", gettext("a picture whose rights have not ended")))
    if "link" in needs and "link" in item.own_parts and not item.link:
        found.append(Missing("link", gettext("where a tap leads")))
    if "body" in needs and "body" in item.own_parts and not plain(item.body):
        found.append(Missing("body", gettext("a text")))
    found += _in_blocks(scope, item)
    if item.shown_until <= scope.at:
        found.append(Missing("until", gettext("a time to be shown that is not over yet")))
    return found


def _in_blocks(scope: Scope, item: Item) -> list[Missing]:
    assert item.basis is not None
    mine = {block["id"]: block for block in item.blocks}
    return [
        Missing(
            place_of(block, part.code),
            gettext("block %(number)s (%(kind)s), %(part)s: %(why)s")
            % {"number": number, "kind": kind.label, "part": part.label, "why": why},
        )
        for number, block, kind in block_parts(item.basis.payload.get("blocks", ()))
        for part in kind.parts
        if place_of(block, part.code) in item.own_parts
        and (why := part.lacks(scope, mine.get(block["id"], {}).get(part.code, part.empty), item.shown_from))
    ]
