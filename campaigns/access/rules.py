"""Rules of coming in that need nothing but their arguments: how many tries, which addresses are one, code words; when
a session is over, and what a browser calls itself.
"""

import hashlib
import re
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


# `seen_at` is written no more often than this, so a session may end so much before its idle time, never after.
SEEN_EVERY = timedelta(seconds=60)
# Ended sessions stay in the list of whoever looks into an incident.
KEPT = timedelta(days=90)


def key_hash(key: str) -> str:
    """What the table keeps of the key in a browser's cookie; 165 random bits need no salt."""
    return hashlib.sha256(key.encode()).hexdigest()


def why_over(
    *, begun_at: datetime, seen_at: datetime, at: datetime, idle: timedelta, longest: timedelta
) -> str:
    """Why a session that nobody ended is over at `at`: "too_long", "idle", or "" while it lives."""
    if at >= begun_at + longest:
        return "too_long"
    if at >= seen_at + idle:
        return "idle"
    return ""


def over_at(*, begun_at: datetime, seen_at: datetime, idle: timedelta, longest: timedelta) -> datetime:
    """When a session that is not used again will be over."""
    return min(begun_at + longest, seen_at + idle)


# In this order: most browsers also claim to be those further down.
_BROWSERS = (
    ("MicroMessenger/", "WeChat"),
    ("wxwork/", "WeCom"),
    ("DingTalk/", "DingTalk"),
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("OPR/", "Opera"),
    ("QQBrowser/", "QQ Browser"),
    ("360SE", "360"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("MSIE ", "Internet Explorer"),
    ("Trident/", "Internet Explorer"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Kylin", "Kylin"),
    ("UOS", "UOS"),
    ("Linux", "Linux"),
)
_PROGRAM = re.compile(r"[A-Za-z][\w.-]{0,29}")


def browser_words(user_agent: str) -> str:
    """ "Chrome · Windows" from a User-Agent header; the program's own first word when no browser is known in it."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if not browser and (program := _PROGRAM.match(user_agent)):
        browser = program[0]
    return " · ".join(word for word in (browser, system) if word)


def is_vouched_for(*, amr: object, acr: object, enough_amr: list[str], enough_acr: list[str]) -> bool:
    """Whether the provider's claims (`amr`: methods used, `acr`: class reached) say that a second factor was asked."""
    methods = amr if isinstance(amr, list) else []
    return any(method in enough_amr for method in methods) or (isinstance(acr, str) and acr in enough_acr)
