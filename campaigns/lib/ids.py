"""Row ids: UUIDv7, so that they sort by time and are guessable by nobody who should not guess them."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562, section 5.7)."""
    return uuid7()
