"""When a session is over, and what a browser calls itself. Pure."""

import hashlib
import re
from datetime import datetime, timedelta

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
