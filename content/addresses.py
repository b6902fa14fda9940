"""Signed addresses of pictures: private files that a phone may fetch for a day, without asking the database."""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from content.rules import AddressIsVoid

CONTENT_TYPES = {"webp": "image/webp", "jpeg": "image/jpeg", "png": "image/png"}
# Addresses made within one period are equal, so that phones and ETags keep what they have; each lives at
# least one more period.
_PERIOD = 12 * 3600


def address_of(*, rendition_id: UUID | str, format: str, at: datetime) -> str:
    """The path of one rendition, good for 12 to 24 hours from `at`."""
    until = (int(at.timestamp()) // _PERIOD + 2) * _PERIOD
    return reverse(
        "api:media", args=[rendition_id, f"{format}-{until:x}-{_signature(str(rendition_id), format, until)}"]
    )


def check_address(*, rendition_id: UUID, signature: str, at: datetime) -> tuple[str, timedelta]:
    """The format that a signed address names, and how long it is still good. Raises AddressIsVoid."""
    format, _dash, rest = signature.partition("-")
    expiry, _dash, mac = rest.partition("-")
    try:
        until = int(expiry, 16)
    except ValueError:
        raise AddressIsVoid from None
    expected = _signature(str(rendition_id), format, until)
    if format not in CONTENT_TYPES or not hmac.compare_digest(expected.encode(), mac.encode()):
        raise AddressIsVoid
    left = until - int(at.timestamp())
    if left <= 0:
        raise AddressIsVoid
    return format, timedelta(seconds=left)


def addresses_of(*, picture: Mapping[str, Any], at: datetime) -> dict[str, str]:
    """Rendition name -> path, of a frozen picture (see content.publishing)."""
    return {
        made["name"]: address_of(rendition_id=made["id"], format=made["format"], at=at)
        for made in picture.get("renditions", [])
    }


def _signature(rendition_id: str, format: str, until: int) -> str:
    key = hmac.digest(settings.SECRET_KEY.encode(), b"fenhang.content.media", sha256)
    return hmac.new(key, f"{rendition_id}/{format}/{until}".encode(), sha256).hexdigest()[:32]
