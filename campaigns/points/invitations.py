"""Invitations to a household: who invites and until when, sealed; stored nowhere, shown to be read out or scanned."""

import hmac
from base64 import b32decode, b32encode
from binascii import Error
from datetime import datetime, timedelta
from struct import Struct
from uuid import UUID

from django.conf import settings

from campaigns.points.refusals.households import InvitationNotGood

HOURS = 24
_UNTIL = Struct(">I")  # seconds since 1970
_SEAL = 16  # bytes


def invitation_of(*, customer_id: UUID, at: datetime) -> tuple[str, datetime]:
    """The word of a customer that whoever has it may join the household, and its end."""
    until = (at + timedelta(hours=HOURS)).replace(microsecond=0)
    body = customer_id.bytes + _UNTIL.pack(int(until.timestamp()))
    return b32encode(body + _seal(body)).rstrip(b"=").decode(), until


def inviter_of(*, code: str, at: datetime) -> UUID:
    """Who invites. Raises InvitationNotGood for what is not ours or over."""
    try:
        raw = b32decode(code.strip().upper().encode("ascii") + b"=" * (-len(code.strip()) % 8))
    except (UnicodeEncodeError, Error, ValueError):
        raise InvitationNotGood from None
    body, seal = raw[:-_SEAL], raw[-_SEAL:]
    if len(body) != 16 + _UNTIL.size or not hmac.compare_digest(seal, _seal(body)):
        raise InvitationNotGood
    if _UNTIL.unpack(body[16:])[0] <= at.timestamp():
        raise InvitationNotGood
    return UUID(bytes=body[:16])


def _seal(body: bytes) -> bytes:
    key = hmac.digest(settings.SECRET_KEY.encode(), b"fenhang household invitation", "sha256")
    return hmac.digest(key, body, "sha256")[:_SEAL]
