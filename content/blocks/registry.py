"""Which kinds of blocks there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from content.blocks.parts import Part


@dataclass(frozen=True, slots=True)
class BlockKind:
    """`code` is stored and stays; `icon` a name of Material Symbols; `template` draws it on the phone, given `block`
    (what its parts answer for the phone). `parts` in the order of the form.
    """

    code: str
    label: Any
    icon: str
    parts: tuple[Part, ...]
    template: str

    def part(self, code: str) -> Part | None:
        return next((part for part in self.parts if part.code == code), None)


_KINDS: dict[str, BlockKind] = {}


def register_block(kind: BlockKind) -> None:
    """Let items hold such blocks. Called once from the `ready()` of the room that owns what it shows.

    Raises ValueError when another is called so.
    """
    if _KINDS.setdefault(kind.code, kind) is not kind:
        raise ValueError(f"a block {kind.code!r} is registered already")


def block_kind(code: object) -> BlockKind | None:
    """The kind of this code; None for one that nobody registered."""
    return _KINDS.get(code) if isinstance(code, str) else None


def block_kinds() -> Mapping[str, BlockKind]:
    """All of them, in the order of registration."""
    return _KINDS
