"""Writing content items: drafts, submission, take-down."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypedDict, Unpack, cast
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
from content.asset_rules import AssetIsGone
from content.blocks.refusals import BlockIsWrong
from content.blocks.writing import read_blocks
from content.category_selectors import category_of
from content.editing_rules import demand_not_held
from content.item_kinds import ItemKind, RiskLevel
from content.item_refusals import KindIsUnknown, LinkLeadsNowhere, PartCannotBeOpened, RiskLevelIsUnknown
from content.localising import HEAD, parts_of
from content.models import Item
from content.rich_text import clean, is_link
from content.rules import BatchIsNotOffered, EditedMeanwhile, ProductIsUnknown, check_title, check_window
from content.selectors import asset_in_scope, batches_offered, item_in_scope
from content.services.local_filling import keep_own
from content.services.uses import using_assets


class Filling(TypedDict, total=False):
    """What a draft may hold beside its title and its window. `body` is HTML of which only what is safe is kept;
    `blocks` are a list as in content/blocks; `product_class` a ProductClass, `risk_level` a RiskLevel,
    `category_code` a category, or empty; `open_parts` what the branches below may change (content/localising.py).
    """

    summary: str
    body: str
    asset_id: UUID | None
    campaign_id: UUID | None
    batch_id: UUID | None
    handed_down: bool
    product_class: str
    product_code: str
    risk_level: str
    disclosure: str
    link: str
    category_code: str
    blocks: list[dict[str, Any]]
    open_parts: list[str]


class Changes(Filling, total=False):
    """What of a draft is to be changed."""

    title: str
    shown_from: datetime
    shown_until: datetime


def add_item(
    *,
    scope: Scope,
    title: str,
    shown_from: datetime,
    shown_until: datetime = FOREVER,
    kind: str = ItemKind.POSTER,
    **more: Unpack[Filling],
) -> Item:
    """A new draft of the branch the scope stands at. Its kind stays.

    Raises KindIsUnknown, and of what is wrong in it: NotFound (asset, campaign or category), AssetIsGone,
    TitleIsMissing, WindowIsBackward, RichTextTooLong, BatchIsNotOffered, ProductIsUnknown, RiskLevelIsUnknown,
    LinkLeadsNowhere, BlockIsUnknown, BlockIsWrong, TooManyBlocks, PartCannotBeOpened.
    """
    scope.demand("content.item.add")
    if kind not in ItemKind.values:
        raise KindIsUnknown(kind=kind)
    item = Item(branch_id=scope.branch_id, branch_pos=scope.branch_pos, kind=kind)
    _fill(scope, item, {"title": title, "shown_from": shown_from, "shown_until": shown_until, **more})
    with using_assets():
        item.save(force_insert=True)
    _note(scope, item, "content.item.add")
    return item


def change_item(
    *, scope: Scope, item_id: UUID, seen_at: datetime | None = None, **changes: Unpack[Changes]
) -> Item:
    """Change a draft; an open review of it is void then. What is live stays as it was approved.

    What is not among the changes stays as it is. Of a local version, open parts alone can be changed, and one that is
    as in the original follows it; raises PartIsLocked. With `seen_at` (the draft's `changed_at` when it was opened)
    raises EditedMeanwhile when somebody else saved since; IsBeingEdited while somebody else holds it; and otherwise as
    `add_item`.
    """
    item = write_item(scope=scope, item_id=item_id, seen_at=seen_at, changes=changes)
    _note(scope, item, "content.item.change")
    return item


def write_item(
    *,
    scope: Scope,
    item_id: UUID,
    seen_at: datetime | None,
    changes: Changes,
    wrongs: list[BlockIsWrong] | None = None,
) -> Item:
    """What `change_item` writes, without the line in the audit. With `wrongs`, parts of blocks that are wrong stay as
    they were, and are added there.
    """
    scope.demand("content.item.change")
    item = item_in_scope(scope=scope, item_id=item_id)
    void_review(scope=scope, subject=ref("content.item", item.pk))
    item = Item.objects.within(scope).select_for_update(of=("self",), no_key=True).get(pk=item.pk)
    demand_not_held(scope=scope, item_id=item.pk)
    if seen_at is not None and item.changed_at != seen_at:
        raise EditedMeanwhile(who=item.author_name)
    _fill(scope, item, changes, wrongs)
    with using_assets():
        item.save(force_update=True)
    return item


def would_change(*, scope: Scope, item: Item, changes: Changes, wrongs: list[BlockIsWrong]) -> bool:
    """Whether these changes make the draft another; `item` is filled with them. Writes nothing."""
    before = _values(item)
    _fill(scope, item, changes, wrongs)
    return _values(item) != before


def submit_item(*, scope: Scope, item_id: UUID) -> Revision:
    """Put the draft in review. Raises as `submit_revision`: NotFound, NotReady, ReviewIsOpen, NothingHasChanged."""
    return submit_revision(scope=scope, subject=ref("content.item", item_id))


def take_down_item(*, scope: Scope, item_id: UUID, reason: str) -> Revision:
    """Take the item away from customers at once. Raises NotFound, NothingIsLive, WordsAreMissing."""
    return take_down(scope=scope, subject=ref("content.item", item_id), reason=reason)


def _fill(scope: Scope, item: Item, given: Changes, wrongs: list[BlockIsWrong] | None = None) -> None:
    if item.basis_id is not None:
        given = cast(Changes, keep_own(scope=scope, item=item, given=given, wrongs=wrongs))
    shown_from, shown_until = (
        given.get("shown_from", item.shown_from),
        given.get("shown_until", item.shown_until),
    )
    check_window(shown_from=shown_from, shown_until=shown_until)
    item.shown_from, item.shown_until = shown_from, shown_until
    item.handed_down = given.get("handed_down", item.handed_down)
    if "title" in given:
        item.title = check_title(title=given["title"])
    if "body" in given:
        item.body = clean(given["body"])
    for name in ("summary", "product_code", "disclosure"):
        if name in given:
            setattr(item, name, given[name].strip())
    _point(scope, item, given)
    _choose(item, given)
    if "blocks" in given:
        item.blocks = read_blocks(scope=scope, raw=given["blocks"], kept=item.blocks, wrongs=wrongs)
    if item.basis_id is None:
        item.open_parts = _opened(item, given.get("open_parts", item.open_parts))
    item.author_id, item.author_name, item.changed_at = scope.person_id, scope.facts.actor_name, scope.at


def _opened(item: Item, wanted: Collection[str]) -> list[str]:
    """Of these parts those that there are: a block that was taken out takes its parts along."""
    there = [part for part, _label in parts_of(item.kind, item.blocks)]
    for part in wanted:
        if part not in HEAD and not part.startswith("blocks."):
            raise PartCannotBeOpened(part=part[:40])
    return [part for part in there if part in wanted]


def _point(scope: Scope, item: Item, given: Changes) -> None:
    """What it refers to."""
    if "asset_id" in given:
        asset_id = given["asset_id"]
        asset = asset_in_scope(scope=scope, asset_id=asset_id) if asset_id else None
        if asset is not None and asset.retired_at is not None:
            raise AssetIsGone
        item.asset = asset
    if "campaign_id" in given:
        campaign_id = given["campaign_id"]
        item.campaign = campaign_in_scope(scope=scope, campaign_id=campaign_id) if campaign_id else None
    if "category_code" in given:
        item.category = category_of(given["category_code"]) if given["category_code"] else None
    if "batch_id" in given:
        batch_id = given["batch_id"]
        if batch_id not in (None, item.batch_id) and batch_id not in dict(batches_offered(scope=scope)):
            raise BatchIsNotOffered
        item.batch_id = batch_id


def _choose(item: Item, given: Changes) -> None:
    """What is one of a few."""
    if "product_class" in given:
        if given["product_class"] and given["product_class"] not in ProductClass.values:
            raise ProductIsUnknown(product_class=given["product_class"])
        item.product_class = given["product_class"]
    if "risk_level" in given:
        if given["risk_level"] and given["risk_level"] not in RiskLevel.values:
            raise RiskLevelIsUnknown(risk_level=given["risk_level"])
        item.risk_level = given["risk_level"]
    if "link" in given:
        link = given["link"].strip()
        if link and not is_link(link):
            raise LinkLeadsNowhere
        item.link = link


_STAMPS = frozenset({"author_id", "author_name", "changed_at"})


def _values(item: Item) -> dict[str, Any]:
    """Everything of a draft that is not who saved it when."""
    return {
        field.attname: getattr(item, field.attname)
        for field in item._meta.concrete_fields
        if field.attname not in _STAMPS
    }


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
