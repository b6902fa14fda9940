"""Where a livestream runs. A platform says what a channel on it must name, and what the client plays.

register_platform(Platform("hls", _("HLS address"), needs=("url",), play=lambda c: {"kind": "hls", "url": c.url}))
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

_ACCOUNT = re.compile(r"[A-Za-z0-9_\-]{4,64}")
_ROOM = re.compile(r"[A-Za-z0-9_\-]{1,64}")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?)+")
# Names that lead nowhere on a phone, or into somebody's own network.
_INNER = (
    ".local",
    ".internal",
    ".lan",
    ".home",
    ".corp",
    ".localhost",
    ".test",
    ".invalid",
    ".example.invalid",
)


class Addressed(Protocol):
    """What a channel names, or a revision that froze it."""

    @property
    def account(self) -> str: ...

    @property
    def room(self) -> str: ...

    @property
    def url(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Address:
    """`account`: of the platform; `room`: the live room on it; `url`: an https address."""

    account: str = ""
    room: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Platform:
    """`code` is stored and stays. `needs` and `takes` name columns of a channel; `play` is what the client gets."""

    code: str
    label: Any
    needs: tuple[str, ...]
    play: Callable[[Addressed], Mapping[str, Any]]
    takes: tuple[str, ...] = ()


_PLATFORMS: dict[str, Platform] = {}


def register_platform(platform: Platform) -> None:
    """Let channels run there. Raises ValueError when the code is taken."""
    if _PLATFORMS.setdefault(platform.code, platform) is not platform:
        raise ValueError(f"a platform {platform.code!r} is registered already")


def platform_of(code: str) -> Platform | None:
    return _PLATFORMS.get(code)


def platforms() -> list[tuple[str, Any]]:
    """Code and label of each, in the order of registration."""
    return [(each.code, each.label) for each in _PLATFORMS.values()]


def play_of(code: str, address: Addressed) -> Mapping[str, Any]:
    """What the client gets to play it."""
    return _PLATFORMS[code].play(address)


def wrong_with(code: str, address: Addressed) -> str:
    """Which part of an address is missing or no good ("account", "room", "url", "platform"); "" when all is well."""
    platform = platform_of(code)
    if platform is None:
        return "platform"
    for name in (*platform.needs, *platform.takes):
        value = getattr(address, name)
        if not value and name in platform.takes:
            continue
        good = (
            is_public_https(value)
            if name == "url"
            else (_ACCOUNT if name == "account" else _ROOM).fullmatch(value)
        )
        if not good:
            return name
    return ""


def is_public_https(url: str) -> bool:
    """An https address with the name of a host that everybody reaches: no number of a private net, no user, no port
    but 443.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or not host or parts.username or parts.password or port not in (None, 443):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return bool(_NAME.fullmatch(host)) and not host.endswith(_INNER)


def register_platforms() -> None:
    """The three that this room brings."""
    register_platform(CHANNELS)
    register_platform(MINIPROGRAM)
    register_platform(HLS)


CHANNELS = Platform(
    "channels",
    _("WeChat Channels"),
    needs=("account",),
    takes=("room",),
    play=lambda at: {"kind": "channels", "finder_user_name": at.account, "feed_id": at.room or None},
)
MINIPROGRAM = Platform(
    "miniprogram",
    _("mini-program live"),
    needs=("room",),
    takes=("account",),
    play=lambda at: {"kind": "miniprogram", "room_id": at.room, "app_id": at.account or None},
)
HLS = Platform("hls", _("HLS address"), needs=("url",), play=lambda at: {"kind": "hls", "url": at.url})
