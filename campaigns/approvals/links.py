"""Links in what customers will see: where they stand, and what is wrong with where they lead. Pure."""

import ipaddress
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

# Services that hide where a link leads; nobody can review what such a link will show tomorrow.
SHORTENERS = frozenset(
    {
        "t.cn", "url.cn", "dwz.cn", "suo.im", "suo.nz", "985.so", "mrw.so", "sourl.cn", "u.nu", "bit.ly", "t.co",
        "tinyurl.com", "goo.gl", "is.gd", "ow.ly", "buff.ly", "rb.gy", "cutt.ly", "shorturl.at", "reurl.cc",
        "w.url.cn", "dwz.mk", "c.nxw.so", "tb.cn", "3.cn", "u.jd.com",
    }
)  # fmt: skip
# Letters of other scripts that pass for Latin ones.
_LOOK_ALIKES = str.maketrans("аеорсухіјѕԁһɡӏαονικτ", "aeopcyxijsdhglaovikt")

_TYPED = re.compile(r"(?:\b(?:https?|ftp)://|\bwww\.)[^\s<>\"'，。；！？、）】》]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """One link: the line it stands in, its address, and where in the line when it was typed as text (else 0, 0)."""

    line: str
    address: str
    start: int = 0
    end: int = 0


def links_in(payload: Mapping[str, Any], lines: Sequence[tuple[str, str]]) -> list[Link]:
    """Every link of a payload: in the HTML of its parts, and typed in its lines (key, text).

    A part is named by its key; in a list of things that have an id, as "blocks.3fa9c2.text".
    """
    found = [Link(key, address) for key, html in _texts(payload) for address in _addresses(html)]
    for key, text in lines:
        for match in _TYPED.finditer(text):
            address = match[0].rstrip(".,;:!?)")
            found.append(Link(key, address, match.start(), match.start() + len(address)))
    return list(dict.fromkeys(found))


def _texts(payload: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(payload, str):
        if "<" in payload:
            yield key, payload
    elif isinstance(payload, Mapping):
        for name, part in payload.items():
            yield from _texts(part, f"{key}{name}" if key.endswith(".") else key or str(name))
    elif isinstance(payload, list | tuple):
        for part in payload:
            named = isinstance(part, Mapping) and isinstance(part.get("id"), str)
            yield from _texts(part, f"{key}.{part['id']}." if named else key)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value for name, value in attrs if name in ("href", "src", "action") and value]


def _addresses(html: str) -> list[str]:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.addresses


def host_of(address: str) -> str:
    """The host an address leads to, in small letters; empty for a page of the mini-program."""
    try:
        whole = address if "//" in address else f"//{address}"
        return (urlsplit(whole).hostname or "").rstrip(".")
    except ValueError:
        return ""


def wrong_with(address: str, *, allowed: Sequence[Collection[str]] = ()) -> str:
    """Why a link may not stand in what customers see; empty when it may.

    scheme: runs or carries something itself; host: no host that can be read; number: a bare IP address; short: hides
    where it leads; look_alike: poses as another name; elsewhere: not in every one of the lists `allowed` that say.
    """
    if address.startswith("/") and not address.startswith("//"):
        return ""
    if not re.match(r"(https?:)?//|www\.", address, re.IGNORECASE):
        return "scheme"
    host = host_of(address)
    if not host:
        return "host"
    if _is_number(host):
        return "number"
    if any(host == name or host.endswith(f".{name}") for name in SHORTENERS):
        return "short"
    if _poses(host):
        return "look_alike"
    return "" if all(_is_below(host, hosts) for hosts in allowed) else "elsewhere"


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # Browsers read these as addresses too: 2130706433, 0x7f.1, 0177.0.0.1.
        return bool(re.fullmatch(r"(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+))*", host))
    return True


def _is_below(host: str, hosts: Collection[str]) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in hosts)


def _poses(host: str) -> bool:
    """Scripts mixed in one label, or letters that pass for Latin ones."""
    for label in host.split("."):
        if label.startswith("xn--"):
            try:
                label = label.encode("ascii").decode("idna")
            except UnicodeError:
                return True
        if label.isascii():
            continue
        if label.translate(_LOOK_ALIKES).isascii() or unicodedata.normalize("NFKC", label).isascii():
            return True
        scripts = {unicodedata.name(c, "?").split()[0] for c in label if c.isalpha()}
        if len(scripts) > 1:
            return True
    return False
