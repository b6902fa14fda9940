"""Rules of logging in that need nothing but their arguments: how many tries, which addresses are one, code words."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address

# RFC 6238: a code is good for the half minute it belongs to, and for one before and after it.
STEP_SECONDS, DIGITS = 30, 6
# Of recovery codes and temporary passwords: no character that is taken for another on paper or over the telephone.
CLEAR_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
RECOVERY_CODES, RECOVERY_LENGTH = 10, 10


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many tries without a success within so long; the next one is not looked at."""

    tries: int
    within: timedelta

    def closed_until(self, moment: datetime | None) -> datetime | None:
        """When the next try will be looked at; `moment` is that of the last-but-`tries` failure, if there was one."""
        return None if moment is None else moment + self.within


# The reasons for these numbers are in this folder's README.
PAIR = Allowance(10, timedelta(minutes=15))
ADDRESS = Allowance(100, timedelta(minutes=15))
ACCOUNT = Allowance(50, timedelta(hours=24))
CODES = Allowance(20, timedelta(hours=24))
# A pair of account and address that has succeeded is known for so long.
KNOWN_FOR = timedelta(days=30)


def bucket_of(address: str | None) -> str:
    """What is counted as one address: an IPv4 address, the /64 network of an IPv6 one; "" when it is unknown."""
    try:
        known: IPv4Address | IPv6Address = ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(known, IPv4Address):
        return str(known)
    if known.ipv4_mapped:
        return str(known.ipv4_mapped)
    # Whoever has one address of IPv6 has 2**64 of them.
    return str(IPv6Address(int(known) >> 64 << 64)) + "/64"


def step_of(at: datetime) -> int:
    """The number of the half minute that `at` lies in."""
    return int(at.timestamp()) // STEP_SECONDS


def bare(code: str) -> str:
    """A code as it is compared: without spaces and dashes, lower case, full-width characters made plain."""
    return "".join(c for c in unicodedata.normalize("NFKC", code).lower() if c.isalnum())


def in_groups(text: str, size: int, between: str = " ") -> str:
    """For reading and typing: "ABCD EFGH"."""
    return between.join(text[n : n + size] for n in range(0, len(text), size))
