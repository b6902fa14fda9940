"""References from below to above: "content.item:0198..." names a thing without knowing its table."""

from typing import NamedTuple
from uuid import UUID


class Ref(NamedTuple):
    """What a reference string says. `kind` is "room.noun"; `id` is the thing's key as text."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


def ref(kind: str, key: UUID | int | str) -> str:
    """Write the reference of one thing, e.g. `ref("rewards.batch", batch.id)`."""
    return f"{kind}:{key}"


def read_ref(text: str) -> Ref:
    """Read a reference; raises ValueError when it is not of the form "room.noun:key"."""
    kind, colon, key = text.partition(":")
    if not colon or "." not in kind or not key:
        raise ValueError(f"not a reference: {text!r}")
    return Ref(kind, key)
