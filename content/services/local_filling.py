"""What of a local version is written: open parts alone, and of these what is not as in the original."""

from collections.abc import Mapping
from typing import Any

from campaigns.tenants.scopes import Scope
from content.blocks.asset_parts import OneAsset
from content.blocks.parts import Part
from content.blocks.refusals import BlockIsUnknown, BlockIsWrong
from content.blocks.writing import Block, place_of, read_part
from content.item_refusals import NoLocalVersionsOfLocalVersions, PartIsLocked
from content.localising import HEAD, block_parts, parts_of
from content.models import Item
from content.rich_text import clean

# Parts under another name than that of the payload.
_NAMES = {"picture": "asset_id"}
# What head office answers for, in no local version: a form that sends it along as it was is no harm.
_NEVER = ("product_class", "product_code", "risk_level", "disclosure", "category_code", "campaign_id")


def keep_own(
    *, scope: Scope, item: Item, given: Mapping[str, Any], wrongs: list[BlockIsWrong] | None
) -> dict[str, Any]:
    """What is left of these changes to fill in: own parts. `item.own_parts`, its blocks, and what follows the original
    are set here. Raises PartIsLocked, NoLocalVersionsOfLocalVersions, BlockIsWrong, BlockIsUnknown.
    """
    assert item.basis is not None
    base, opened = item.basis.payload, set(item.basis.open_parts)
    if given.get("open_parts"):
        raise NoLocalVersionsOfLocalVersions
    left = {
        name: value
        for name, value in given.items()
        if name not in (*HEAD, *_NAMES.values(), *_NEVER, "blocks", "open_parts")
    }
    own = {part for part in item.own_parts if part in opened}
    for part in HEAD:
        name = _NAMES.get(part, part)
        if name not in given:
            continue
        follows = _is_as(base, part, given[name])
        if part not in opened and not follows:
            raise PartIsLocked(part=_label(item, part), who=item.basis.branch.name)
        own = own - {part} if follows or part not in opened else own | {part}
        if part in own:
            left[name] = given[name]
    if "blocks" in given:
        item.blocks, own = _blocks(scope, item, given["blocks"], own, wrongs)
    item.own_parts = sorted(own)
    _follow(item)
    return left


def _is_as(base: Mapping[str, Any], part: str, value: Any) -> bool:
    """Is what was typed what the original says? No picture or batch of one's own is the original's."""
    if part == "picture":
        return not value
    if part == "batch_id":
        return not value or str(value) == base.get(part)
    if part == "body":
        return clean(value) == clean(base.get(part, ""))
    return bool(str(value).strip() == base.get(part, ""))


def _follow(item: Item) -> None:
    """Columns of what is not the branch's own: empty, but for the title, by which people know it."""
    assert item.basis is not None
    if "title" not in item.own_parts:
        item.title = item.basis.payload["title"]
    for part, name, empty in (
        ("summary", "summary", ""),
        ("body", "body", ""),
        ("link", "link", ""),
        ("picture", "asset", None),
        ("batch_id", "batch_id", None),
    ):
        if part not in item.own_parts:
            setattr(item, name, empty)


def _blocks(
    scope: Scope, item: Item, raw: object, own: set[str], wrongs: list[BlockIsWrong] | None
) -> tuple[list[Block], set[str]]:
    """Own parts of the original's blocks, block by block; the order and what is locked stay."""
    assert item.basis is not None
    if not isinstance(raw, list) or not all(isinstance(each, Mapping) for each in raw):
        raise BlockIsUnknown(kind="")
    given = {each.get("id"): each for each in raw}
    kept = {block["id"]: block for block in item.blocks}
    opened, found = item.basis.open_parts, []
    for number, block, kind in block_parts(item.basis.payload.get("blocks", ())):
        mine: Block = {"id": block["id"], "kind": kind.code}
        before = kept.get(block["id"], {})
        for part in kind.parts:
            place = place_of(block, part.code)
            if place not in opened:
                continue
            sent = given.get(block["id"], {})
            if part.code in sent:
                value = read_part(scope, kind, number, block["id"], part, sent, before, wrongs)
                own = own - {place} if _is_as_block(part, value, block) else own | {place}
            elif place in own:
                value = before.get(part.code, part.empty)
            if place in own:
                mine[part.code] = value
        if len(mine) > 2:
            found.append(mine)
    return found, own


def _is_as_block(part: Part, value: Any, block: Mapping[str, Any]) -> bool:
    if isinstance(part, OneAsset):
        return not value
    return bool(value == part.thaw(block.get(part.code, part.empty)))


def _label(item: Item, part: str) -> str:
    assert item.basis is not None
    return dict(parts_of(item.kind, item.basis.payload.get("blocks", ()))).get(part, part)
