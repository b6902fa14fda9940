"""Purposes, channels, and what a consent is worth; pure functions.

A pair of purpose and channel is one bit of a mask, so that an audience of millions is counted by one comparison.
The database has the same table (`customers_consent_bit`), and a test compares the two.
"""

import ipaddress
from collections.abc import Mapping
from datetime import date

SERVICE, MARKETING, PROFILING, SENSITIVE, PARTNER = (
    "service",
    "marketing",
    "profiling",
    "sensitive",
    "partner",
)
INBOX, SUBSCRIBE, SMS, WECOM, PHONE = "inbox", "subscribe", "sms", "wecom", "phone"
CHANNELS = (INBOX, SUBSCRIBE, SMS, WECOM, PHONE)
# Sending goes over a channel; the other purposes are about what is done with what is known.
SENT = (SERVICE, MARKETING)
PURPOSES: Mapping[str, tuple[str, ...]] = {
    SERVICE: CHANNELS,
    MARKETING: CHANNELS,
    PROFILING: ("",),
    SENSITIVE: ("",),
    PARTNER: ("",),
}
BITS: Mapping[tuple[str, str], int] = {
    pair: 1 << place
    for place, pair in enumerate((purpose, channel) for purpose, some in PURPOSES.items() for channel in some)
}
# What the contract itself asks for (PIPL, article 13, 2): may be done until somebody objects.
SERVICE_MASK = sum(BITS[SERVICE, channel] for channel in CHANNELS)

ADULT = 18  # years (Civil Code, article 17)


def bit_of(purpose: str, channel: str = "") -> int:
    """The bit of a pair. Raises KeyError for one that means nothing."""
    return BITS[purpose, channel]


def allowed_of(*, given: int, guarded: int, is_minor: bool) -> int:
    """What may be done now: of a minor, beyond service, only what a guardian has agreed to."""
    return (given & SERVICE_MASK) | (guarded & ~SERVICE_MASK) if is_minor else given


def is_minor_on(*, born: date, day: date) -> bool:
    """Whether somebody born on `born` is under age on `day`; who is born on 29 February comes of age on 1 March."""
    years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return years < ADULT


def prefix_of(address: str) -> str:
    """The net that an address lies in, /24 or /48: enough to support a consent, too little to find a person."""
    try:
        parsed = ipaddress.ip_address(address.strip())
    except ValueError:
        return ""
    return str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))
