"""Signed calls between systems of the bank: HMAC-SHA256 over timestamp, nonce and body.

The receiver computes the same over what it got, compares in constant time, refuses a timestamp that is more than five
minutes away, and keeps nonces for as long. `Idempotency-Key` is the same each time the same thing is told.
"""

import hmac
import secrets
from datetime import datetime

from campaigns.lib.outward import Answer, Limits, call

TIMESTAMP, NONCE, SIGNATURE = "X-Fenhang-Timestamp", "X-Fenhang-Nonce", "X-Fenhang-Signature"
KEY = "Idempotency-Key"


def signature_of(*, secret: str, timestamp: str, nonce: str, body: bytes) -> str:
    """Hexadecimal, of "timestamp, line feed, nonce, line feed, body"."""
    text = f"{timestamp}\n{nonce}\n".encode() + body
    return hmac.digest(secret.encode(), text, "sha256").hex()


def call_hook(*, url: str, secret: str, key: str, body: bytes, at: datetime, limits: Limits) -> Answer:
    """POST `body` (JSON) as told at `at`. Raises Silent."""
    timestamp, nonce = str(int(at.timestamp())), secrets.token_hex(16)
    headers = {
        "Content-Type": "application/json",
        KEY: key,
        TIMESTAMP: timestamp,
        NONCE: nonce,
        SIGNATURE: signature_of(secret=secret, timestamp=timestamp, nonce=nonce, body=body),
    }
    return call("POST", url, limits=limits, content=body, headers=headers)
