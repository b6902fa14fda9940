"""Writing content items: drafts, submission, take-down."""

from datetime import datetime
from typing import Any
from uuid import UUID

from campaigns.approvals.models import Revision
from campaigns.approvals.services.live import take_down
from campaigns.approvals.services.reviews import submit_revision, void_review
from campaigns.audit.services import record
from campaigns.lib.clock import FOREVER
from campaigns.lib.products import ProductClass
from campaigns.lib.refs import ref
from campaigns.planning.selectors import campaign_in_scope
from campaigns.tenants.scopes import Scope
from content.models import Item
from content.rich_text import clean
from content.rules import BatchIsNotOffered, EditedMeanwhile, ProductIsUnknown, check_title, check_window
from content.selectors import asset_in_scope, batches_offered, item_in_scope


def add_item(
    *,
    scope: Scope,
    title: str,
    shown_from: datetime,
    shown_until: datetime = FOREVER,
    summary: str = "",
    body: str = "",
    asset_id: UUID | None = None,
    campaign_id: UUID | None = None,
    batch_id: UUID | None = None,
    handed_down: bool = False,
    kind: str = Item.Kind.POSTER,
    product_class: str = "",
) -> Item:
    """A new draft of the branch the scope stands at. `body` is HTML of which only what is safe is kept.

    `product_class`: a ProductClass, or empty when nothing is advertised. Raises NotFound (asset or campaign of another
    branch), TitleIsMissing, WindowIsBackward, RichTextTooLong, BatchIsNotOffered, ProductIsUnknown.
    """
    scope.demand("content.item.add")
    item = Item(branch_id=scope.branch_id, branch_pos=scope.branch_pos, kind=kind)
    _fill(
        scope,
        item,
        title,
        summary,
        body,
        asset_id,
        campaign_id,
        batch_id,
        shown_from,
        shown_until,
        handed_down,
        product_class,
    )
    item.save(force_insert=True)
    _note(scope, item, "content.item.add")
    return item


def change_item(
    *,
    scope: Scope,
    item_id: UUID,
    title: str,
    summary: str,
    body: str,
    asset_id: UUID | None,
    campaign_id: UUID | None,
    batch_id: UUID | None,
    shown_from: datetime,
    shown_until: datetime,
    handed_down: bool,
    product_class: str | None = None,
    seen_at: datetime | None = None,
) -> Item:
    """Change a draft; an open review of it is void then. What is live stays as it was approved.

    Without `product_class` that stays as it is. With `seen_at` (the draft's `changed_at` when it was opened) raises
    EditedMeanwhile when somebody else saved since; and otherwise as `add_item`.
    """
    scope.demand("content.item.change")
    item = item_in_scope(scope=scope, item_id=item_id)
    void_review(scope=scope, subject=ref("content.item", item.pk))
    item = Item.objects.within(scope).select_for_update(of=("self",), no_key=True).get(pk=item.pk)
    if seen_at is not None and item.changed_at != seen_at:
        raise EditedMeanwhile(who=item.author_name)
    _fill(
        scope,
        item,
        title,
        summary,
        body,
        asset_id,
        campaign_id,
        batch_id,
        shown_from,
        shown_until,
        handed_down,
        item.product_class if product_class is None else product_class,
    )
    item.save(force_update=True)
    _note(scope, item, "content.item.change")
    return item


def submit_item(*, scope: Scope, item_id: UUID) -> Revision:
    """Put the draft in review. Raises as `submit_revision`: NotFound, NotReady, ReviewIsOpen, NothingHasChanged."""
    return submit_revision(scope=scope, subject=ref("content.item", item_id))


def take_down_item(*, scope: Scope, item_id: UUID, reason: str) -> Revision:
    """Take the item away from customers at once. Raises NotFound, NothingIsLive, WordsAreMissing."""
    return take_down(scope=scope, subject=ref("content.item", item_id), reason=reason)


def _fill(
    scope: Scope,
    item: Item,
    title: str,
    summary: str,
    body: str,
    asset_id: UUID | None,
    campaign_id: UUID | None,
    batch_id: UUID | None,
    shown_from: datetime,
    shown_until: datetime,
    handed_down: bool,
    product_class: str,
) -> None:
    if product_class and product_class not in ProductClass.values:
        raise ProductIsUnknown(product_class=product_class)
    check_window(shown_from=shown_from, shown_until=shown_until)
    item.title, item.summary, item.body = check_title(title=title), summary.strip(), clean(body)
    item.asset = asset_in_scope(scope=scope, asset_id=asset_id) if asset_id else None
    item.campaign = campaign_in_scope(scope=scope, campaign_id=campaign_id) if campaign_id else None
    if (
        batch_id is not None
        and batch_id != item.batch_id
        and batch_id not in dict(batches_offered(scope=scope))
    ):
        raise BatchIsNotOffered
    item.batch_id = batch_id
    item.product_class = product_class
    item.shown_from, item.shown_until, item.handed_down = shown_from, shown_until, handed_down
    item.author_id, item.author_name, item.changed_at = scope.person_id, scope.facts.actor_name, scope.at


def _note(scope: Scope, item: Item, verb: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("content.item", item.pk),
        subject_name=item.title,
        branch_id=item.branch_id,
        branch_pos=item.branch_pos,
        **detail,
    )
