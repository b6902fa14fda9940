"""Local versions (本地化): which parts of an item a branch may change, and a local version as it is frozen.

A part is a key of the payload ("summary", "picture") or a part of a block ("blocks.3fa9c2.caption"). What is said of a
product, its risks, kind, category and campaign is never open: who answers for it is whoever hands it down.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.kinds import Line
from campaigns.tenants.scopes import Scope
from content.blocks.assets import frozen_asset
from content.blocks.registry import BlockKind, block_kind
from content.blocks.writing import place_of
from content.item_kinds import RULES
from content.models import Item

# part -> the part of a kind's rules without which an item has no such thing
HEAD = {
    "title": "",
    "summary": "",
    "picture": "picture",
    "link": "link",
    "body": "body",
    "batch_id": "coupon",
}
_LABELS = {
    "title": _("title"),
    "summary": _("summary"),
    "picture": _("picture"),
    "link": _("link"),
    "body": _("text"),
    "batch_id": _("coupon batch"),
}  # fmt: skip


def parts_of(kind: str, blocks: Collection[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Every part of an item that could be opened, with its name, in the order of the page."""
    rules = RULES[kind]
    found = [(part, str(_LABELS[part])) for part, needs in HEAD.items() if not needs or rules.shows(needs)]
    for number, block, block_of in block_parts(blocks):
        found += [
            (place_of(block, part.code), f"{number} {block_of.label} · {part.label}")
            for part in block_of.parts
        ]
    return found


def block_parts(blocks: Collection[Mapping[str, Any]]) -> Iterator[tuple[int, Mapping[str, Any], BlockKind]]:
    """The blocks whose kind is known, numbered as people see them."""
    for number, block in enumerate(blocks, start=1):
        kind = block_kind(block.get("kind"))
        if kind is not None:
            yield number, block, kind


def local_payload(*, scope: Scope, item: Item, window: Mapping[str, Any]) -> dict[str, Any]:
    """A local version as JSON: the original as it was approved, but for the branch's own parts and its window."""
    basis = item.basis
    assert basis is not None
    payload = {key: value for key, value in basis.payload.items() if key not in ("open", "refers")}
    own = [part for part in item.own_parts if part in basis.open_parts]
    for part in own:
        if part in HEAD:
            payload[part] = _own_head(scope, item, part)
    payload["blocks"] = _with_own_blocks(scope, basis.payload.get("blocks", []), item.blocks, own)
    return {
        **payload,
        **window,
        "handed": {
            "item": str(basis.item_id),
            "basis": str(basis.pk),
            "revision": str(basis.revision_id),
            "number": basis.number,
            "sha256": basis.sha256,
            "own": sorted(own),
        },
    }


def _own_head(scope: Scope, item: Item, part: str) -> Any:
    if part == "picture":
        return frozen_asset(scope=scope, asset=item.asset) if item.asset else None
    if part == "batch_id":
        return str(item.batch_id) if item.batch_id else None
    return getattr(item, part)


def _with_own_blocks(
    scope: Scope, blocks: Collection[Mapping[str, Any]], kept: Collection[Mapping[str, Any]], own: list[str]
) -> list[dict[str, Any]]:
    mine = {block["id"]: block for block in kept}
    found = []
    for block in blocks:
        kind = block_kind(block.get("kind"))
        changed = {
            part.code: part.freeze(scope, mine.get(block["id"], {}).get(part.code, part.empty))
            for part in (kind.parts if kind else ())
            if place_of(block, part.code) in own
        }
        found.append({**block, **changed})
    return found


def handed_lines(payload: Mapping[str, Any]) -> list[Line]:
    """What a reviewer reads of where a local version comes from."""
    handed = payload.get("handed")
    if not handed:
        return []
    names = dict(parts_of(payload["kind"], payload.get("blocks", ())))
    said = gettext("version %(number)s, %(hash)s") % {
        "number": handed["number"],
        "hash": handed["sha256"][:12],
    }
    own = "\n".join(names.get(part, part) for part in handed["own"])
    return [Line("handed", gettext("original"), said), Line("own", gettext("changed by the branch"), own)]


def open_lines(payload: Mapping[str, Any]) -> list[Line]:
    """What a reviewer reads of what branches may change."""
    names = dict(parts_of(payload["kind"], payload.get("blocks", ())))
    said = [names[part] for part in payload.get("open", ()) if part in names]
    return [Line("open", gettext("open to branches"), "\n".join(said))] if said else []
