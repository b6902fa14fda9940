"""Questions of customers about content: one piece of it, lists by category and words."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import connections
from django.db.models import QuerySet

from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from campaigns.tenants.search import cleaned
from content.blocks.writing import batches_in
from content.item_kinds import ItemKind
from content.models import Category, LiveItem
from content.selectors import Card, CouponOffer, content_for, offers_of, standing

# More are not looked for: nobody reads on so far, and a better word finds it.
_FOUND_AT_MOST = 500
# A banner leads somewhere and is nothing to read.
_LISTED = (ItemKind.ARTICLE, ItemKind.POSTER, ItemKind.PRODUCT, ItemKind.NOTICE, ItemKind.PAGE)


@dataclass(frozen=True, slots=True)
class Detail:
    """One piece of content whole. `offers`: every coupon of it that can be claimed now, in the order of the page."""

    card: Card
    offers: Mapping[UUID, CouponOffer]


def detail_for(*, scope: Scope, content_id: UUID) -> Detail:
    """One piece of content as the scope's branch shows it now; raises NotFound."""
    card = content_for(scope=scope, content_id=content_id)
    named = [UUID(each) for each in batches_in(card.live.blocks)]
    found = {card.coupon.batch_id: card.coupon} if card.coupon else {}
    more = set(named) - set(found) - {card.live.batch_id}
    if more:
        branch = Branch.objects.get(pk=scope.branch_id)
        found |= offers_of(scope=scope, branch=branch, batch_ids=more)
    order = [key for key in dict.fromkeys([card.live.batch_id, *named]) if key in found]
    return Detail(card, {key: found[key] for key in order})


def contents_shown(*, scope: Scope, category: str = "", words: str = "") -> QuerySet[LiveItem]:
    """What does the scope's branch show now to read, of a category and what is under it, that holds the words?

    With words, one query more: a verb proposes keys, and the rows are read through the policies.
    """
    rows = standing(scope=scope).filter(kind__in=_LISTED)
    if category:
        under = Category.objects.filter(parent_id=category).values_list("code", flat=True)
        rows = rows.filter(category__in=[category, *under])
    if cleaned(words):
        rows = rows.filter(pk__in=_keys_proposed(scope, cleaned(words)))
    return rows


def _keys_proposed(scope: Scope, words: str) -> list[UUID]:
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT key FROM search_content(%s, %s)", [words, _FOUND_AT_MOST])
        return [key for (key,) in cursor.fetchall()]
