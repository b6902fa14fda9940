"""Rows of a file, and the tree before it, as a few bytes in one column. Ours alone; never a stranger's bytes."""

import zlib
from typing import Any

import orjson


def pack(value: Any) -> bytes:
    """JSON, compressed."""
    return zlib.compress(orjson.dumps(value), 6)


def unpack(packed: bytes | memoryview) -> Any:
    """What `pack` was given, tuples as lists."""
    return orjson.loads(zlib.decompress(packed))
