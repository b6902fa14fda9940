"""Coupon codes and redeem tokens. Neither is stored anywhere.

A code is made from the coupon's id under a key of the installation, so it can be shown to its holder at any
time, while the database keeps only a keyed hash of it: whoever reads the tables, or a backup of them, can redeem
nothing. The key comes from DATA_KEY, which stays for the life of the installation; tokens live a minute, so their
key comes from SECRET_KEY, which may be changed.
"""

import hmac
import math
from base64 import b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from struct import Struct
from typing import NamedTuple
from uuid import UUID

from django.conf import settings

from campaigns.lib.crypto import keyed
from campaigns.lib.ids import new_id
from campaigns.rewards.refusals.coupons import TokenExpired, TokenInvalid

# Crockford's alphabet: no I, L, O or U, so that a code read aloud or off a receipt survives.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None, "·": None})
_LENGTH = 20  # characters of 5 bits: 100 bits
_GROUP = 5

# What the marks of a pattern stand for; all else stands for itself. Letters that are read as digits are left out.
MARKS = {"#": "0123456789", "A": "ABCDEFGHJKMNPQRSTVWXYZ", "*": _ALPHABET}
# Of so many guesses at most one hits.
GUESSES = 1_000
RANDOM = "*****-*****-*****-*****"  # 100 bits

TOKEN_SECONDS = 60
_TOKEN = Struct(">16sHI")  # coupon, times redeemed, seconds since 1970
_SEAL = 16  # bytes of the token's HMAC


@cache
def _key(purpose: bytes, secret: str) -> bytes:
    raw = b64decode(secret) if purpose.startswith(b"code") else secret.encode()
    return hmac.digest(raw, b"fenhang coupon " + purpose, "sha256")


@cache
def _keyed(purpose: bytes, secret: str) -> Callable[[bytes], bytes]:
    return keyed(_key(purpose, secret))


def code_of(coupon_id: UUID) -> str:
    """The coupon's code as people read it: four groups of five characters, 100 bits."""
    seal = int.from_bytes(hmac.digest(_key(b"code", settings.DATA_KEY), coupon_id.bytes, sha256)[:13])
    letters = "".join(_ALPHABET[(seal >> (5 * n)) & 31] for n in range(_LENGTH))
    return "-".join(letters[n : n + _GROUP] for n in range(0, _LENGTH, _GROUP))


def hash_of(code: str) -> bytes:
    """The keyed hash under which a code is found. Case, spaces, hyphens and O/0, I/1, L/1 do not matter."""
    plain = code.upper().translate(_READ_AS)
    return hmac.digest(_key(b"code hash", settings.DATA_KEY), plain.encode(), sha256)


def read_shown(text: str) -> tuple[str, str]:
    """What a clerk typed or a camera read: ("code", …) or ("token", …). A token is longer than any code is."""
    text = text.strip()
    plain = text.upper().translate(_READ_AS)
    return ("code", text) if len(plain) <= _LENGTH else ("token", text)


# The letters of ten bits at once: a million coupons are hashed for a list.
_PAIRS = [_ALPHABET[n & 31] + _ALPHABET[n >> 5] for n in range(1024)]


def hash_for(coupon_id: UUID) -> bytes:
    """`hash_of(code_of(coupon_id))`, in a fraction of the time."""
    code, code_hash = _keyed(b"code", settings.DATA_KEY), _keyed(b"code hash", settings.DATA_KEY)
    seal = int.from_bytes(code(coupon_id.bytes)[:13])
    letters = "".join([_PAIRS[(seal >> shift) & 1023] for shift in range(0, 5 * _LENGTH, 10)])
    return code_hash(letters.encode())


class Fresh(NamedTuple):
    """Ids of coupons to be, and the hashes of their codes in hex."""

    ids: Sequence[UUID]
    hashes: Sequence[str]


def fresh_coupons(many: int) -> Fresh:
    """So many of them."""
    ids = [new_id() for _each in range(many)]
    return Fresh(ids, [hash_for(each).hex() for each in ids])


def room_of(pattern: str) -> int:
    """How many codes a pattern has; 1 without a mark."""
    return math.prod(len(MARKS.get(letter, "-")) for letter in pattern)


def claim_code(run_id: UUID, nth: int, pattern: str) -> str:
    """The n-th code to claim of a run: it follows from both under a key of the installation, and is kept nowhere.

    Even to 1 in 2^128 whatever the pattern.
    """
    seal = hmac.digest(_key(b"code to claim", settings.DATA_KEY), run_id.bytes + nth.to_bytes(8), "sha256")
    drawn = int.from_bytes(seal)
    letters = []
    for letter in pattern:
        if (alphabet := MARKS.get(letter)) is None:
            letters.append(letter)
            continue
        drawn, place = divmod(drawn, len(alphabet))
        letters.append(alphabet[place])
    return "".join(letters)


def claim_hash(batch_id: UUID, code: str) -> bytes:
    """The keyed hash under which a code to claim is found, of one batch. Read as forgivingly as `hash_of` does."""
    plain = code.upper().translate(_READ_AS)
    return hmac.digest(
        _key(b"code to claim hash", settings.DATA_KEY), batch_id.bytes + plain.encode(), "sha256"
    )


def partner_hash(batch_id: UUID, code: str) -> bytes:
    """By which the same third-party code is known again in its batch: to the letter."""
    return hmac.digest(
        _key(b"code of a partner", settings.DATA_KEY), batch_id.bytes + code.encode(), "sha256"
    )


def gift_token(gift_id: UUID) -> str:
    """What a gift's link says: it follows from the gift's id, so that its giver sees it again; 192 bits."""
    return urlsafe_b64encode(
        hmac.digest(_key(b"code of a gift's link", settings.DATA_KEY), gift_id.bytes, "sha256")
    )[:32].decode()


def gift_hash(token: str) -> bytes:
    """The keyed hash of a gift's link."""
    return hmac.digest(_key(b"code of a gift", settings.DATA_KEY), token.encode(), "sha256")


@dataclass(frozen=True, slots=True)
class RedeemToken:
    """What a QR code says: this coupon, as long as it was redeemed so many times, until then."""

    coupon_id: UUID
    redeemed_times: int
    expires_at: datetime


def seal_token(*, coupon_id: UUID, redeemed_times: int, at: datetime) -> tuple[str, datetime]:
    """A token good for `TOKEN_SECONDS` from `at`, and its end. Spent by any redemption of the coupon."""
    expires_at = (at + timedelta(seconds=TOKEN_SECONDS)).replace(microsecond=0)
    body = _TOKEN.pack(coupon_id.bytes, redeemed_times, int(expires_at.timestamp()))
    return urlsafe_b64encode(body + _seal(body)).rstrip(b"=").decode(), expires_at


def open_token(*, token: str, at: datetime) -> RedeemToken:
    """Read a token. Raises TokenInvalid when it is not ours, TokenExpired when its minute has passed."""
    try:
        raw = b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, Error, ValueError):
        raise TokenInvalid from None
    body, seal = raw[: _TOKEN.size], raw[_TOKEN.size :]
    if len(body) != _TOKEN.size or not hmac.compare_digest(seal, _seal(body)):
        raise TokenInvalid
    coupon, times, seconds = _TOKEN.unpack(body)
    opened = RedeemToken(UUID(bytes=coupon), times, datetime.fromtimestamp(seconds, UTC))
    if opened.expires_at <= at:
        raise TokenExpired
    return opened


def _seal(body: bytes) -> bytes:
    return hmac.digest(_key(b"token", settings.SECRET_KEY), body, sha256)[:_SEAL]
