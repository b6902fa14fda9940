"""What a draft still lacks before it can be submitted, each with its place."""

from django.utils.translation import gettext

from campaigns.tenants.scopes import Scope
from content.blocks.writing import Missing, missing_of
from content.item_kinds import RULES
from content.local_readiness import missing_locally
from content.models import Item
from content.rich_text import plain


def missing_in(*, scope: Scope, item: Item) -> list[Missing]:
    """In the reader's language, in the order of the page. `place` is a line of the item's description."""
    if item.basis_id is not None:
        return missing_locally(scope=scope, item=item)
    rules = RULES[item.kind]
    found = []
    if item.asset is None and "picture" in rules.needs:
        found.append(Missing("picture", gettext("a picture")))
    elif item.asset is not None and rules.shows("picture"):
        if not item.asset.alt:
            found.append(
                Missing("alt", gettext("a description of the picture, for people who cannot see it"))
            )
        if item.asset.rights_until <= max(scope.at, item.shown_from):
            found.append(Missing("picture", gettext("a picture whose rights have not ended")))
    if "link" in rules.needs and not item.link:
        found.append(Missing("link", gettext("where a tap leads")))
    if "body" in rules.needs and not plain(item.body):
        found.append(Missing("body", gettext("a text")))
    if "product" in rules.needs:
        found += [
            Missing(name, words)
            for name, words in (
                ("product_class", gettext("the product class")),
                ("product_code", gettext("the product code")),
                ("risk_level", gettext("the risk level")),
            )
            if not getattr(item, name)
        ]
    if "blocks" in rules.needs and not item.blocks:
        found.append(Missing("blocks", gettext("at least one block")))
    found += missing_of(scope=scope, blocks=item.blocks, shown_from=item.shown_from)
    if item.shown_until <= scope.at:
        found.append(Missing("until", gettext("a time to be shown that is not over yet")))
    return found
