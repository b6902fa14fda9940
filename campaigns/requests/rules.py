"""What a request key is, and which answers are kept under it."""

import hashlib
import re
from datetime import timedelta

from campaigns.lib.http.malformed import Malformed
from campaigns.lib.refusals import Refusal

KEPT = timedelta(days=7)
# How long a twin waits for the first answer, seconds.
PATIENCE = 3.0

_KEY = re.compile(r"[\x21-\x7e]{8,128}")


class KeyMalformed(Malformed):
    code = "requests.key.malformed"
    zh = "Idempotency-Key 应为 8 到 128 个可见 ASCII 字符。"
    en = "Idempotency-Key must be 8 to 128 visible ASCII characters."


class KeyReused(Malformed):
    """The key names another request: other body, address, or branch acted at."""

    code = "requests.key.reused"
    status = 422
    zh = "这个 Idempotency-Key 已用于另一个请求，请为新的操作换一个。"
    en = "This Idempotency-Key was used for another request: take a new one for a new act."


class KeyInUse(Malformed):
    """A twin is in flight and did not end while we waited. `retry_after` in seconds."""

    code = "requests.key.in_use"
    status = 409
    zh = "同一请求正在处理，请在 {retry_after} 秒后用同一个 Idempotency-Key 重试。"
    en = "The same request is in flight: retry with the same Idempotency-Key in {retry_after} seconds."


def read_key(header: str) -> str:
    """The key in the header. Raises KeyMalformed."""
    if not _KEY.fullmatch(header):
        raise KeyMalformed
    return header


def fingerprint_of(*, method: str, address: str, body: bytes, place: str) -> bytes:
    """What makes two requests the same: method, address with query, body, and `place` (the branch acted at)."""
    parts = [method.encode(), address.encode(), place.encode(), body]
    return hashlib.sha256(b"".join(len(p).to_bytes(8, "big") + p for p in parts)).digest()


def is_kept(*, status: int, refusal: Refusal | None) -> bool:
    """Is this the answer to the act itself? Effects and refusals by a rule are; malformed requests, missing
    credentials, limits and mistakes of ours are not, and a retry is a fresh try.
    """
    if refusal is None:
        return status < 400
    return not isinstance(refusal, Malformed) and status < 500 and status not in (401, 429)
