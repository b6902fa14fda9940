"""Signed addresses of pictures. Files are private: an address names who may use it, where, and until when.

An address is no right by itself. It is read first, and then the database is asked, as the party it was made for,
whether the picture may still be seen (content/api.py for customers, content/admin/pictures.py for staff).
"""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from campaigns.tenants.scopes import Scope
from content.rules import AddressIsVoid

# Formats that are ever served. Whatever a browser might run (SVG, HTML) is not among them.
CONTENT_TYPES = {
    "webp": "image/webp",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "avif": "image/avif",
    "mp4": "video/mp4",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "pdf": "application/pdf",
}
# What a browser may not open in a page of ours: readers of PDF are programs of their own.
KEPT_FORMATS = frozenset({"pdf"})
# Seconds. Addresses made within one slot are equal, so that phones and ETags keep what they have; each lives to the
# end of the next slot, so one to two hours.
SLOT = 3600
CUSTOMERS = "customers"


@dataclass(frozen=True, slots=True)
class Pass:
    """What a good address says. `item_id`: the published copy that shows the picture, None for the library's own."""

    rendition_id: UUID
    item_id: UUID | None
    branch_id: int
    until: datetime


def customer_address(*, branch_id: int, at: datetime, item_id: UUID, rendition_id: UUID | str) -> str:
    """For customers of the branch whose item it is, and of those it is handed down to, while that branch shows it.

    No token goes with an <image> of a phone. The same for all of them, so that what is prepared for a page is, too.
    """
    said = _signed(CUSTOMERS, branch_id, at, rendition_id, item_id)
    return reverse("api:media", args=[rendition_id, said])


def staff_address(*, scope: Scope, rendition_id: UUID | str, item_id: UUID | None = None) -> str:
    """For the scope's log-in, standing at the scope's branch; `item_id` for a picture handed down from above."""
    signature = _signed(_log_in(scope.carry.get("login")), scope.branch_id, scope.at, rendition_id, item_id)
    return reverse("admin:content_asset_media", args=[rendition_id, signature])


def customer_addresses(
    *, branch_id: int, at: datetime, item_id: UUID, picture: Mapping[str, Any]
) -> dict[str, str]:
    """Rendition name -> address, of a frozen picture (see content.item_publishing)."""
    return {
        made["name"]: customer_address(branch_id=branch_id, at=at, item_id=item_id, rendition_id=made["id"])
        for made in picture.get("renditions", [])
    }


def staff_addresses(
    *, scope: Scope, picture: Mapping[str, Any], item_id: UUID | None = None
) -> dict[str, str]:
    """Likewise for staff."""
    return {
        made["name"]: staff_address(scope=scope, rendition_id=made["id"], item_id=item_id)
        for made in picture.get("renditions", [])
    }


def read_customer_pass(*, rendition_id: UUID, signature: str, at: datetime) -> Pass:
    """What a customer's address says. Raises AddressIsVoid when we did not sign it, or its time is over."""
    return _read(CUSTOMERS, rendition_id, signature, at)


def read_staff_pass(*, login_id: int | None, rendition_id: UUID, signature: str, at: datetime) -> Pass:
    """What an address made for this log-in says. Raises AddressIsVoid, for somebody else's address too."""
    return _read(_log_in(login_id), rendition_id, signature, at)


def _log_in(login_id: int | None) -> str:
    return f"staff:{login_id}"


def slot_ends(at: datetime) -> datetime:
    """Until when addresses made at `at` are made the same again."""
    return datetime.fromtimestamp((int(at.timestamp()) // SLOT + 1) * SLOT, UTC)


def _signed(
    audience: str, branch_id: int, at: datetime, rendition_id: UUID | str, item_id: UUID | None
) -> str:
    until = (int(at.timestamp()) // SLOT + 2) * SLOT
    said = f"{until:x}-{branch_id:x}-{item_id.hex if item_id else 0}"
    return f"{said}-{_mac(next(_keys()), audience, rendition_id, said)}"


def _read(audience: str, rendition_id: UUID, signature: str, at: datetime) -> Pass:
    said, _dash, mac = signature.rpartition("-")
    if not any(
        hmac.compare_digest(_mac(key, audience, rendition_id, said).encode(), mac.encode()) for key in _keys()
    ):
        raise AddressIsVoid
    # Ours, so it has the form that we write.
    until, branch, item = said.split("-")
    ends = datetime.fromtimestamp(int(until, 16), UTC)
    if ends <= at:
        raise AddressIsVoid
    return Pass(rendition_id, UUID(item) if item != "0" else None, int(branch, 16), ends)


def _mac(key: bytes, audience: str, rendition_id: UUID | str, said: str) -> str:
    return hmac.new(key, f"{audience}/{rendition_id}/{said}".encode(), sha256).hexdigest()[:32]


def _keys() -> Iterator[bytes]:
    """The key of the present secret first, then of the ones it replaced."""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        yield hmac.digest(str(secret).encode(), b"fenhang.content.media", sha256)
