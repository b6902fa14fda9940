"""Personal columns: AES-256-GCM under a key of the person, which is itself wrapped by the installation's key.

Erasing a person's wrapped key makes everything sealed under it unreadable, in history and in old backups too.
What must be found again has a keyed hash beside it, since equality on ciphertext finds nothing.

Sealed bytes are: one byte of format (1), a nonce of 12 bytes, the ciphertext with its tag of 16 bytes.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Callable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_FORMAT = b"\x01"
_NONCE = 12  # bytes, as NIST SP 800-38D recommends for random nonces
_KEY = 32  # bytes


class Unreadable(Exception):
    """The key is gone, is another one, or the ciphertext was moved from its place or changed."""


def check_key(key: str) -> bytes:
    """The installation's key from its base64 text. Raises ImproperlyConfigured unless it is 32 bytes."""
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _KEY:
        raise ImproperlyConfigured(
            "DATA_KEY must be 32 bytes in base64; losing it loses every encrypted column"
        )
    return raw


@lru_cache(maxsize=8)
def _derived(key: str, purpose: bytes) -> bytes:
    """One key for one purpose (HKDF, RFC 5869): a hash for look-up never tells anything about a wrap."""
    return HKDF(algorithm=SHA256(), length=_KEY, salt=None, info=b"fenhang:" + purpose).derive(check_key(key))


def _seal(key: bytes, plain: bytes, place: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return _FORMAT + nonce + AESGCM(key).encrypt(nonce, plain, place.encode())


def _unseal(key: bytes, sealed: bytes, place: str) -> bytes:
    sealed = bytes(sealed)
    if sealed[:1] != _FORMAT or len(sealed) < 1 + _NONCE + 16:
        raise Unreadable(place)
    try:
        return AESGCM(key).decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], place.encode())
    except InvalidTag as error:
        raise Unreadable(place) from error


def place_of(*, person: object, table: str, row: object, column: str) -> str:
    """Where a value belongs: it is bound into the ciphertext, which then opens nowhere else."""
    return f"{person}|{table}|{row}|{column}"


def new_key() -> bytes:
    """A fresh key for one person, 32 bytes."""
    return AESGCM.generate_key(bit_length=8 * _KEY)


def wrap_key(key: bytes, *, person: object) -> bytes:
    """A person's key as it is stored."""
    return _seal(_derived(settings.DATA_KEY, b"wrap"), key, f"{person}|key")


def unwrap_key(wrapped: bytes, *, person: object) -> bytes:
    """A person's key from its stored form. Raises Unreadable for another person's, or under another DATA_KEY."""
    return _unseal(_derived(settings.DATA_KEY, b"wrap"), wrapped, f"{person}|key")


def seal(text: str, *, key: bytes, place: str) -> bytes:
    """`text` under a person's `key`, bound to its `place` (`place_of`)."""
    return _seal(key, text.encode(), place)


def sealer(key: bytes) -> Callable[[str, str], bytes]:
    """`seal` for many values of one person: (text, place) -> sealed."""
    cipher = AESGCM(key)

    def sealed(text: str, place: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return _FORMAT + nonce + cipher.encrypt(nonce, text.encode(), place.encode())

    return sealed


def unseal(sealed: bytes, *, key: bytes, place: str) -> str:
    """The text again. Raises Unreadable with another key or at another place."""
    return _unseal(key, sealed, place).decode()


def seal_bytes(plain: bytes, *, key: bytes, place: str) -> bytes:
    """As `seal`, for a file."""
    return _seal(key, plain, place)


def unseal_bytes(sealed: bytes, *, key: bytes, place: str) -> bytes:
    """The bytes again. Raises Unreadable with another key or at another place."""
    return _unseal(key, sealed, place)


def seal_here(plain: bytes, *, place: str) -> bytes:
    """What belongs to the installation and to no customer, under its own key; `place` is where it is kept."""
    return _seal(_derived(settings.DATA_KEY, b"installation"), plain, place)


def unseal_here(sealed: bytes, *, place: str) -> bytes:
    """The bytes again. Raises Unreadable at another place, or under another DATA_KEY."""
    return _unseal(_derived(settings.DATA_KEY, b"installation"), sealed, place)


def lookup_of(kind: str, value: str) -> bytes:
    """The keyed hash (HMAC-SHA256, 32 bytes) by which `value` is found; `kind` keeps like values apart."""
    return hmac.digest(_derived(settings.DATA_KEY, b"lookup"), f"{kind}\x00{value}".encode(), "sha256")


def looker() -> Callable[[str, str], bytes]:
    """`lookup_of` for many values: (kind, value) -> hash."""
    find = keyed(_derived(settings.DATA_KEY, b"lookup"))
    return lambda kind, value: find(f"{kind}\x00{value}".encode())


def looker_for(kind: str) -> Callable[[bytes], bytes]:
    """`lookup_of` for many values of one kind, in UTF-8: value -> hash."""
    return keyed(_derived(settings.DATA_KEY, b"lookup"), start=f"{kind}\x00".encode())


def keyed(key: bytes, *, start: bytes = b"") -> Callable[[bytes], bytes]:
    """HMAC-SHA256 (RFC 2104) under one key, at most 64 bytes long, for many messages that all begin with `start`.

    Both pads are hashed once and copied: less than half of what `hmac.digest` takes for a short message.
    """
    block = key.ljust(64, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))
    inner.update(start)

    def digest(message: bytes) -> bytes:
        first, second = inner.copy(), outer.copy()
        first.update(message)
        second.update(first.digest())
        return second.digest()

    return digest


def derived_secret(purpose: str, token: str, *, key: str = "") -> bytes:
    """32 bytes that follow from `token` for whoever holds the installation's key, and for nobody else.

    `key` stands in for DATA_KEY, in base64: a backup's, before it is this installation's.
    """
    return hmac.digest(_derived(key or settings.DATA_KEY, purpose.encode()), token.encode(), "sha256")
