"""Blocks of a draft: read when they are written, frozen, and brought back."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from campaigns.approvals.kinds import Line
from campaigns.tenants.scopes import Scope
from content.blocks.parts import Part, Sight, Wrong
from content.blocks.refusals import BlockIsUnknown, BlockIsWrong, TooManyBlocks
from content.blocks.registry import BlockKind, block_kind

MOST = 40
_ID = re.compile(r"[a-z0-9]{4,16}")

Block = dict[str, Any]


def place_of(block: Mapping[str, Any], part: str) -> str:
    """How findings and what is missing name a part of a block: "blocks.3fa9c2.caption"."""
    return f"blocks.{block['id']}.{part}"


def read_blocks(
    *,
    scope: Scope,
    raw: object,
    kept: Sequence[Mapping[str, Any]] = (),
    wrongs: list[BlockIsWrong] | None = None,
) -> list[Block]:
    """Blocks as a draft keeps them: each checked part by part, nothing in them that their kind does not know.

    `kept` are those that the draft has now. Raises BlockIsUnknown, BlockIsWrong, TooManyBlocks. With `wrongs` a part
    that is wrong stays as it was kept, and what is wrong is added there.
    """
    if not isinstance(raw, list):
        raise BlockIsUnknown(kind="")
    if len(raw) > MOST:
        raise TooManyBlocks(limit=MOST)
    before = {block["id"]: block for block in kept}
    found: list[Block] = []
    for number, given in enumerate(raw, start=1):
        kind = block_kind(given.get("kind")) if isinstance(given, Mapping) else None
        if kind is None or not isinstance(given.get("id"), str) or not _ID.fullmatch(given["id"]):
            raise BlockIsUnknown(kind=str(given.get("kind", ""))[:20] if isinstance(given, Mapping) else "")
        if any(block["id"] == given["id"] for block in found):
            raise BlockIsUnknown(kind=f"{kind.code} {given['id']}")
        found.append(_read(scope, kind, number, given, before.get(given["id"], {}), wrongs))
    return found


def _read(
    scope: Scope,
    kind: BlockKind,
    number: int,
    given: Mapping[str, Any],
    kept: Mapping[str, Any],
    wrongs: list[BlockIsWrong] | None,
) -> Block:
    return {"id": given["id"], "kind": kind.code} | {
        part.code: read_part(scope, kind, number, given["id"], part, given, kept, wrongs)
        for part in kind.parts
    }


def read_part(
    scope: Scope,
    kind: BlockKind,
    number: int,
    block_id: str,
    part: Part,
    given: Mapping[str, Any],
    kept: Mapping[str, Any],
    wrongs: list[BlockIsWrong] | None,
) -> Any:
    """One part of a block as a draft keeps it. Raises BlockIsWrong; with `wrongs` it stays as it was kept."""
    try:
        return part.read(scope, given.get(part.code, part.empty), kept.get(part.code))
    except Wrong as wrong:
        refusal = BlockIsWrong(
            number=number,
            block=block_id,
            part=part.code,
            label=part.label,
            why_zh=wrong.zh,
            why_en=wrong.en,
        )
        if wrongs is None:
            raise refusal from wrong
        wrongs.append(refusal)
        return kept.get(part.code, part.empty)


@dataclass(frozen=True, slots=True)
class Missing:
    """Something to fill in before a draft can be submitted. `place`: the line of the description it belongs to."""

    place: str
    words: str


def missing_of(*, scope: Scope, blocks: Iterable[Mapping[str, Any]], shown_from: datetime) -> list[Missing]:
    """What the blocks of a draft still lack, in their order."""
    return [
        Missing(
            place_of(block, part.code),
            gettext("block %(number)s (%(kind)s), %(part)s: %(why)s")
            % {"number": number, "kind": kind.label, "part": part.label, "why": why},
        )
        for number, block, kind in _known(blocks)
        for part in kind.parts
        if (why := part.lacks(scope, block.get(part.code, part.empty), shown_from))
    ]


def freeze_blocks(*, scope: Scope, blocks: Iterable[Mapping[str, Any]]) -> list[Block]:
    """Everything that customers would see of them."""
    return [
        {"id": block["id"], "kind": kind.code}
        | {part.code: part.freeze(scope, block.get(part.code, part.empty)) for part in kind.parts}
        for _number, block, kind in _known(blocks)
    ]


def thaw_blocks(blocks: Iterable[Mapping[str, Any]]) -> list[Block]:
    """The draft of what was frozen."""
    return [
        {"id": block["id"], "kind": kind.code}
        | {part.code: part.thaw(block.get(part.code, part.empty)) for part in kind.parts}
        for _number, block, kind in _known(blocks)
    ]


def lines_of(*, scope: Scope, blocks: Sequence[Mapping[str, Any]], pictures: Mapping[str, str]) -> list[Line]:
    """What a reviewer reads of frozen blocks; the first line is their order. `pictures`: hash -> address."""
    known = list(_known(blocks))
    if not known:
        return []
    order = "\n".join(f"{number} {kind.label}" for number, _block, kind in known)
    lines = [Line("blocks", gettext("blocks"), order)]
    for number, block, kind in known:
        for part in kind.parts:
            frozen = block.get(part.code, part.empty)
            label = f"{number} {kind.label} · {part.label}"
            address = pictures.get(frozen.get("sha256", ""), "") if isinstance(frozen, Mapping) else ""
            lines.append(Line(place_of(block, part.code), label, part.says(scope, frozen), picture=address))
            if isinstance(frozen, Mapping) and "alt" in frozen:
                alt = gettext("description")
                lines.append(
                    Line(place_of(block, f"{part.code}.alt"), f"{label} · {alt}", str(frozen["alt"]))
                )
    return lines


def shown_blocks(*, sight: Sight, blocks: Iterable[Mapping[str, Any]]) -> list[tuple[BlockKind, Block]]:
    """What a phone gets of frozen blocks, each with its kind; of a kind that nobody registers any more, nothing."""
    return [
        (
            kind,
            {"id": block["id"], "kind": kind.code}
            | {part.code: part.shows(sight, block.get(part.code, part.empty)) for part in kind.parts},
        )
        for _number, block, kind in _known(blocks)
    ]


def batches_in(blocks: Iterable[Mapping[str, Any]]) -> list[str]:
    """The coupon batches that blocks name, each once."""
    found = [
        block["batch"] for _n, block, kind in _known(blocks) if kind.code == "coupon" and block.get("batch")
    ]
    return list(dict.fromkeys(found))


def part_at(blocks: Iterable[Mapping[str, Any]], place: str) -> tuple[str, Part] | None:
    """The block's id and the part that a place names; None for a place elsewhere."""
    for _number, block, kind in _known(blocks):
        for part in kind.parts:
            if place == (here := place_of(block, part.code)) or place.startswith(f"{here}."):
                return block["id"], part
    return None


def _known(blocks: Iterable[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any], BlockKind]]:
    return [
        (number, block, kind)
        for number, block in enumerate(blocks, start=1)
        if (kind := block_kind(block.get("kind"))) is not None
    ]
