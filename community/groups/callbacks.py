"""What WeCom tells of changes: signed, encrypted, and read by nothing that a stranger's XML could lead astray.

The signature is SHA-1 over the sorted token, timestamp, nonce and cipher text; the text AES-256-CBC with the callback's
key, its first 16 bytes the vector, padded to 32 bytes: 16 random bytes, four of length, the message, the receiver's id.
"""

import base64
import hashlib
import hmac
import struct
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MOST_BYTES = 65_536
_BLOCK = 32
_MOST_ELEMENTS, _DEEPEST = 100, 4


class Unreadable(Exception):
    """It is not from WeCom, or not for us. Whoever sent it is told no more than that."""


def signature_of(*, token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    return hashlib.sha1(
        "".join(sorted([token, timestamp, nonce, encrypted])).encode(), usedforsecurity=False
    ).hexdigest()


def opened(
    *, token: str, key: str, receiver: str, signature: str, timestamp: str, nonce: str, encrypted: str
) -> str:
    """What was encrypted for us. Raises Unreadable for a wrong signature, key, padding, length or receiver."""
    due = signature_of(token=token, timestamp=timestamp, nonce=nonce, encrypted=encrypted)
    if not token or not hmac.compare_digest(due.encode(), signature.encode()):
        raise Unreadable("signature")
    secret = key_of(key)
    try:
        sealed = base64.b64decode(encrypted, validate=True)
        decryptor = Cipher(algorithms.AES256(secret), modes.CBC(secret[:16])).decryptor()
        plain = decryptor.update(sealed) + decryptor.finalize()
    except ValueError as error:
        raise Unreadable("cipher") from error
    return _message(plain, receiver)


def sealed(*, key: str, receiver: str, text: str, random: bytes) -> str:
    """As WeCom encrypts; `random` are 16 bytes."""
    secret, message = key_of(key), text.encode()
    plain = random + struct.pack(">I", len(message)) + message + receiver.encode()
    pad = _BLOCK - len(plain) % _BLOCK
    encryptor = Cipher(algorithms.AES256(secret), modes.CBC(secret[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()


def key_of(text: str) -> bytes:
    """The 32 bytes of an EncodingAESKey of 43 letters. Raises Unreadable."""
    try:
        key = base64.b64decode(text + "=", validate=True)
    except ValueError as error:  # binascii's own is one
        raise Unreadable("key") from error
    if len(key) != 32:
        raise Unreadable("key")
    return key


def fields_of(document: str | bytes) -> Mapping[str, str]:
    """The texts right below the root of a small XML document, by name. Raises Unreadable, for any declaration of a type
    or an entity as well: nothing is looked up, and nothing grows.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartElementHandler, parser.EndElementHandler = reader.begin, reader.end
    parser.CharacterDataHandler = reader.text
    for handler in ("StartDoctypeDeclHandler", "EntityDeclHandler", "ExternalEntityRefHandler"):
        setattr(parser, handler, reader.refuse)
    raw = document.encode() if isinstance(document, str) else document
    if len(raw) > MOST_BYTES:
        raise Unreadable("size")
    try:
        parser.Parse(raw, True)
    except (expat.ExpatError, UnicodeError, ValueError) as error:
        raise Unreadable("xml") from error
    return reader.found


class _Reader:
    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._path: list[str] = []
        self._elements = 0

    def begin(self, name: str, _attributes: Any) -> None:
        self._elements += 1
        self._path.append(name)
        if self._elements > _MOST_ELEMENTS or len(self._path) > _DEEPEST:
            raise Unreadable("xml")
        if len(self._path) == 2:
            self.found.setdefault(name, "")

    def end(self, _name: str) -> None:
        self._path.pop()

    def text(self, text: str) -> None:
        if len(self._path) == 2:
            self.found[self._path[1]] += text

    def refuse(self, *_args: Any) -> Any:
        raise Unreadable("doctype")


def _message(plain: bytes, receiver: str) -> str:
    pad = plain[-1] if plain else 0
    if not 1 <= pad <= _BLOCK or plain[-pad:] != bytes([pad]) * pad:
        raise Unreadable("padding")
    body = plain[16:-pad]
    if len(body) < 4:
        raise Unreadable("length")
    (length,) = struct.unpack(">I", body[:4])
    message, who = body[4 : 4 + length], body[4 + length :]
    if len(message) != length or not hmac.compare_digest(who, receiver.encode()):
        raise Unreadable("receiver")
    try:
        return message.decode()
    except UnicodeDecodeError as error:
        raise Unreadable("text") from error
