"""How a draw is decided, and how it is judged afterwards: pure functions that anybody can run again.

The seed is 64 bytes: the database's half and the installation's. A try's number is HMAC-SHA256 (RFC 2104) under the
seed of the text "<draw>|<customer>|<nth>" (UUIDs in lower case, the customer's own count of tries from 1); its first
eight bytes, big-endian, as a fraction of 2**64, times a million, rounded down. No modulus is taken: each number has the
same chance to within one part in 2**64, since 2**64 values fall on a million numbers as evenly as whole ones can. The
verb does the same sum (`points_draw_number`, sql/draws.py), and a test compares both.
"""

import hmac
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from campaigns.lib.crypto import keyed

WHOLE = 1_000_000  # numbers that prizes and fallback share
SEED = 64  # bytes: the block of SHA-256, so that the key of the HMAC is the seed itself


def message(draw_id: UUID, customer_id: UUID, nth: int) -> bytes:
    """What is hashed for the customer's nth try."""
    return f"{draw_id}|{customer_id}|{nth}".encode()


def scaled(digest: bytes) -> int:
    """0 to 999,999 of a digest."""
    return int.from_bytes(digest[:8], "big") * WHOLE >> 64


def outcome(*, seed: bytes, draw_id: UUID, customer_id: UUID, nth: int) -> int:
    """The number of the customer's nth try, 0 to 999,999."""
    return scaled(hmac.digest(seed, message(draw_id, customer_id, nth), "sha256"))


def outcomes(*, seed: bytes, draw_id: UUID) -> Callable[[UUID, int], int]:
    """`outcome` for many tries of one seed: (customer, nth) -> number."""
    find = keyed(seed, start=f"{draw_id}|".encode())
    return lambda customer_id, nth: scaled(find(f"{customer_id}|{nth}".encode()))


def prize_at(number: int, prizes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Which of the prizes ("parts" each, in their order) has this number; None: the fallback."""
    upto = 0
    for prize in prizes:
        upto += prize["parts"]
        if number < upto:
            return prize
    return None


def percent(parts: int) -> str:
    """Parts of a million as people read them: 12345 is "1.2345%"."""
    return f"{parts / 10_000:.4f}".rstrip("0").rstrip(".") + "%"


def chi_square(came: Sequence[int], parts: Sequence[float]) -> tuple[float, int, float]:
    """Pearson's chi-square of how often each came against its expected number; degrees of freedom; and p, the chance of
    a deviation at least as large when all was drawn fairly.

    Classes of which fewer than five were expected go into one, as the approximation needs it. p is 1 where fewer than
    two classes are left.
    """
    small = [nth for nth, expected in enumerate(parts) if expected < 5]
    pairs = [(came[nth], parts[nth]) for nth in range(len(parts)) if nth not in small]
    if small:
        rest = (sum(came[nth] for nth in small), sum(parts[nth] for nth in small))
        if rest[1] >= 5 or not pairs:
            pairs.append(rest)
        else:
            # Too few even together: they join the smallest of the others.
            least = min(range(len(pairs)), key=lambda nth: pairs[nth][1])
            pairs[least] = (pairs[least][0] + rest[0], pairs[least][1] + rest[1])
    if len(pairs) < 2:
        return 0.0, 0, 1.0
    value = sum((seen - expected) ** 2 / expected for seen, expected in pairs)
    return value, len(pairs) - 1, upper_tail(value, len(pairs) - 1)


def upper_tail(value: float, degrees: int) -> float:
    """The chance that chi-square with so many degrees of freedom is larger (Abramowitz and Stegun 26.4.4, 26.4.5)."""
    half = value / 2
    if degrees % 2:
        total = math.erfc(math.sqrt(half))
        term = math.exp(-half) * math.sqrt(half) * 2 / math.sqrt(math.pi)
        first = 3
    else:
        total, term, first = 0.0, math.exp(-half), 2
    for nth in range(first, degrees + 1, 2):
        total += term
        term *= value / nth
    return min(1.0, total)
