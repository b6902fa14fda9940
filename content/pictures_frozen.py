"""Assets found again in what is frozen. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any


def frozen_in(payload: Any) -> Iterator[Mapping[str, Any]]:
    """Every asset in a frozen payload, or in a part of one: whatever has renditions; the cover of a video after it."""
    if isinstance(payload, Mapping):
        if isinstance(payload.get("renditions"), list):
            yield payload
        for name, part in payload.items():
            if name != "renditions":
                yield from frozen_in(part)
    elif isinstance(payload, list | tuple):
        for part in payload:
            yield from frozen_in(part)
