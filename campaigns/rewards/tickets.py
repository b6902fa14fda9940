"""What a claim brings along against robots: the ticket of the batch's page, and where the claim comes from."""

import hmac
from base64 import b64decode, urlsafe_b64encode
from binascii import Error
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network
from struct import Struct
from uuid import UUID

from django.conf import settings

from campaigns.rewards.refusals.claims import TicketInvalid

TICKET_SECONDS = 600
_UNTIL = Struct(">I")  # seconds since 1970
_SEAL = 16  # bytes
# What mobile networks hand their customers out of; an IPv6 site has at least one of its own.
_IPV4, _IPV6 = 24, 48


def issue_ticket(*, batch_id: UUID, customer_id: UUID, at: datetime) -> tuple[str, datetime]:
    """A ticket for this customer's claims of this batch, and its end. Stored nowhere."""
    until = (at + timedelta(seconds=TICKET_SECONDS)).replace(microsecond=0)
    body = _UNTIL.pack(int(until.timestamp()))
    seal = _seal(body, batch_id, customer_id)
    return urlsafe_b64encode(body + seal).rstrip(b"=").decode(), until


def is_ticket_good(*, ticket: str, batch_id: UUID, customer_id: UUID, at: datetime) -> bool:
    """Is its time not over? Raises TicketInvalid when it is not ours, or of another batch or customer."""
    try:
        raw = b64decode(ticket.encode("ascii") + b"=" * (-len(ticket) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, Error, ValueError):
        raise TicketInvalid from None
    body, seal = raw[: _UNTIL.size], raw[_UNTIL.size :]
    if len(body) != _UNTIL.size or not hmac.compare_digest(seal, _seal(body, batch_id, customer_id)):
        raise TicketInvalid
    return bool(_UNTIL.unpack(body)[0] > at.timestamp())


def device_hash(device: str) -> bytes:
    """What a device is counted by; keyed, so that it cannot be tried out."""
    return _origin("device", device)


def range_hash(address: str) -> bytes | None:
    """What a range of network addresses (IPv4 /24, IPv6 /48) is counted by; None for what is no address."""
    try:
        known = ip_address(address)
    except ValueError:
        return None
    if (mapped := getattr(known, "ipv4_mapped", None)) is not None:
        known = mapped
    wide = ip_network((known, _IPV4 if known.version == 4 else _IPV6), strict=False)
    return _origin("address", str(wide))


def _seal(body: bytes, batch_id: UUID, customer_id: UUID) -> bytes:
    key = hmac.digest(settings.SECRET_KEY.encode(), b"fenhang claim ticket", "sha256")
    return hmac.digest(key, body + batch_id.bytes + customer_id.bytes, sha256)[:_SEAL]


def _origin(kind: str, what: str) -> bytes:
    key = hmac.digest(b64decode(settings.DATA_KEY), b"fenhang claim origin", "sha256")
    return hmac.digest(key, f"{kind}:{what}".encode(), sha256)
