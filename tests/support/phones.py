"""A phone with an authenticator app: what it shows, computed by hand from the address in the QR (RFC 6238)."""

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from campaigns.access.services.second_factors import enrol_second_factor, offer_second_factor
from tests.support.cast import AT, Player


@dataclass(frozen=True)
class Phone:
    """`phone.shows(at)` is the code of that moment; `codes` are the recovery codes that came with it."""

    secret: bytes
    codes: tuple[str, ...] = ()

    @classmethod
    def scan(cls, uri: str) -> "Phone":
        """Read the address that the QR holds."""
        [secret] = parse_qs(urlsplit(uri).query)["secret"]
        return cls(base64.b32decode(secret))

    def shows(self, at: datetime) -> str:
        digest = hmac.digest(self.secret, struct.pack(">Q", int(at.timestamp()) // 30), hashlib.sha1)
        start = digest[-1] & 15
        number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
        return f"{number % 1_000_000:06d}"


def enrolled(player: Player, at: datetime = AT) -> Phone:
    """Set `player`'s second factor up at `at`, through the service; the code of that moment is used up."""
    offer = offer_second_factor(login=player.login)
    phone = Phone.scan(offer.uri)
    codes = enrol_second_factor(
        login=player.login,
        sealed=offer.sealed,
        code=phone.shows(at),
        password=None,
        present="",
        address=None,
        at=at,
    )
    return Phone(phone.secret, tuple(codes))
