"""A draft made from another, and the end of one that is over."""

from datetime import timedelta
from uuid import UUID

from django.utils.translation import gettext

from campaigns.approvals.selectors import live_and_scheduled
from campaigns.approvals.services.live import take_down
from campaigns.lib.clock import FOREVER
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope
from content.item_refusals import IsOverAlready
from content.models import Item
from content.selectors import batches_offered, item_in_scope
from content.services.items import add_item, change_item

_LONGEST = 60
_BLINK = timedelta(seconds=1)


def copy_item(*, scope: Scope, item_id: UUID) -> Item:
    """A new draft like this one, at the branch the scope stands at; shown from now on, with an open end if the other's
    is over. A coupon batch that is no longer offered is left out. Raises NotFound.
    """
    item = item_in_scope(scope=scope, item_id=item_id)
    offered = dict(batches_offered(scope=scope))
    mark = gettext(" (copy)")
    return add_item(
        scope=scope,
        kind=item.kind,
        title=item.title[: _LONGEST - len(mark)] + mark,
        shown_from=max(item.shown_from, scope.at),
        shown_until=item.shown_until if item.shown_until > max(item.shown_from, scope.at) else FOREVER,
        summary=item.summary,
        body=item.body,
        asset_id=item.asset_id,
        campaign_id=item.campaign_id,
        batch_id=item.batch_id if item.batch_id in offered else None,
        handed_down=item.handed_down,
        product_class=item.product_class,
        product_code=item.product_code,
        risk_level=item.risk_level,
        disclosure=item.disclosure,
        link=item.link,
        category_code=item.category_id or "",
        blocks=[
            {**block, "batch": ""} if block.get("batch") and UUID(block["batch"]) not in offered else block
            for block in item.blocks
        ],
    )


def end_item(*, scope: Scope, item_id: UUID, reason: str) -> Item:
    """Let a draft's time be over now; what is live or waits of it is taken from customers.

    For whoever may change it, and take it down where customers see it. Raises NotFound, IsOverAlready,
    WordsAreMissing where there is something to take down.
    """
    scope.demand("content.item.change")
    item = item_in_scope(scope=scope, item_id=item_id)
    subject = ref("content.item", item.pk)
    is_seen = any(live_and_scheduled(scope=scope, subject=subject))
    if item.shown_until <= scope.at and not is_seen:
        raise IsOverAlready
    if is_seen:
        take_down(scope=scope, subject=subject, reason=reason)
    # A draft that was never shown has no time that was: its window stays forward.
    return change_item(
        scope=scope,
        item_id=item.pk,
        shown_from=min(item.shown_from, scope.at - _BLINK),
        shown_until=min(item.shown_until, scope.at),
    )
