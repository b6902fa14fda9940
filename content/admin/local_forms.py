"""The form of a local version: what is open to the branch; what is not is said with a lock."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from campaigns.approvals.rules import changes
from campaigns.tenants.scopes import Scope
from content.admin.block_forms import BlockForm
from content.blocks.asset_parts import OneAsset
from content.blocks.registry import BlockKind
from content.blocks.writing import place_of, thaw_blocks
from content.handing_selectors import drift_of
from content.item_publishing import describe_item
from content.localising import block_parts, parts_of
from content.models import Item
from content.rich_text import plain
from content.sights import StaffSight

# part -> its field, in the panel's order
_HEAD = {"title": "title", "summary": "summary", "picture": "asset", "link": "link", "batch_id": "batch_id"}
_PANELS = (
    ("head", _("Title and picture"), "title", ("title", "summary", "picture", "link")),
    ("body", _("Text"), "notes", ("body",)),
    ("coupon", _("Coupon and campaign"), "confirmation_number", ("batch_id",)),
)


def local_panels(item: Item) -> list[tuple[str, Any, str, tuple[str, ...]]]:
    """The panels of a local version (as content.admin.item_form.panels_of): what is open, and when it is shown."""
    assert item.basis is not None
    there = dict(parts_of(item.kind, item.basis.payload.get("blocks", ())))
    panels: list[tuple[str, Any, str, tuple[str, ...]]] = []
    for code, name, icon, parts in _PANELS:
        fields = tuple(_HEAD.get(part, part) for part in parts if part in item.basis.open_parts)
        if fields or any(part in there for part in parts):
            panels.append((code, name, icon, fields))
    panels.append(("when", _("When and where"), "schedule", ("shown_from", "shown_until", "handed_down")))
    return panels


def initial_of(item: Item) -> dict[str, Any]:
    """What the fields begin with: the branch's own, or what stands in the original. Of pictures and batches nothing:
    the original's is shown beside the field.
    """
    assert item.basis is not None
    base = item.basis.payload
    return {
        name: base.get(name, "")
        for name in ("title", "summary", "link", "body")
        if name in item.basis.open_parts and name not in item.own_parts
    }


def locked_in(*, scope: Scope, item: Item) -> dict[str, list[dict[str, str]]]:
    """What is not open, by panel: name, what it says, and the address of its picture. Everything of the product too."""
    assert item.basis is not None
    description = describe_item(scope, item.basis.payload, item.original_id)
    panel_of = {"title": "head", "summary": "head", "picture": "head", "link": "head", "body": "body",
                "coupon": "coupon", "category": "head", "product_class": "head", "product_code": "head",
                "risk_level": "head", "disclosure": "head"}  # fmt: skip
    opened = {*item.basis.open_parts, *({"coupon"} if "batch_id" in item.basis.open_parts else ())}
    found: dict[str, list[dict[str, str]]] = {}
    for line in description.lines:
        panel = panel_of.get(line.key)
        if panel and line.key not in opened and (line.value or line.picture):
            found.setdefault(panel, []).append(
                {"label": line.label, "value": "" if line.picture else line.value, "picture": line.picture}
            )
    return found


class LocalBlockForm(BlockForm):
    """A block of the original: fields for its open parts, and in `locked` what the others say."""

    is_local = True

    def __init__(
        self, kind: BlockKind, key: str, scope: Scope, block: dict[str, Any], opened: list[str]
    ) -> None:
        super().__init__(kind, key, scope, block)
        for part in kind.parts:
            if place_of({"id": key}, part.code) not in opened:
                del self.fields[part.code]
        self.locked: list[dict[str, str]] = []


def local_block_forms(*, scope: Scope, item: Item) -> list[LocalBlockForm]:
    """One for each block of the original, in its order."""
    assert item.basis is not None
    blocks, opened = item.basis.payload.get("blocks", []), item.basis.open_parts
    thawed = {block["id"]: block for block in thaw_blocks(blocks)}
    mine = {block["id"]: block for block in item.blocks}
    sight, forms = StaffSight(scope, through=item.original_id), []
    for _number, block, kind in block_parts(blocks):
        values = dict(thawed[block["id"]])
        for part in kind.parts:
            is_own = place_of(block, part.code) in item.own_parts
            if is_own:
                values[part.code] = mine[block["id"]][part.code]
            elif isinstance(part, OneAsset):
                values[part.code] = ""
        form = LocalBlockForm(kind, block["id"], scope, values, opened)
        for part in kind.parts:
            frozen = block.get(part.code, part.empty)
            picture = sight.addresses(frozen).get("thumb", "") if isinstance(frozen, dict) else ""
            if part.code not in form.fields and (frozen or picture):
                said = "" if picture else plain(part.says(scope, frozen))
                form.locked.append({"label": str(part.label), "value": said, "picture": picture})
            elif part.code in form.fields and picture:
                form.fields[part.code].help_text = _("Nothing chosen: the original's picture.")
        forms.append(form)
    return forms


def local_context(*, scope: Scope, item: Item) -> dict[str, Any]:
    """What the page says of where it comes from, and of how the original changed since."""
    assert item.basis is not None
    drift = drift_of(scope=scope, item=item)
    changed = []
    if drift.is_behind and drift.current is not None:
        old, new = (
            describe_item(scope, each.payload, each.item_id).lines for each in (drift.basis, drift.current)
        )
        changed = changes(old=old, new=new)
    names = dict(parts_of(item.kind, item.basis.payload.get("blocks", ())))
    return {
        "drift": drift,
        "basis": item.basis,
        "original_changes": changed,
        "own_names": [(part, names.get(part, part)) for part in item.own_parts],
        "locked": locked_in(scope=scope, item=item),
        "may_object": drift.is_behind and drift.objection is None and scope.may("content.item.change"),
    }
