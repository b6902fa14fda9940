"""Rich text: what editors may say in it, made safe, and made readable for a mini-program. Pure."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import nh3
from django.utils.html import strip_tags

from campaigns.lib.refusals import Refusal

TAGS = frozenset({"p", "h2", "h3", "h4", "strong", "em", "ul", "ol", "li", "a", "blockquote", "br"})
LONGEST = 100_000  # characters of HTML; a long article with its markup has 30,000
# Deeper elements are left out of `nodes`, their content is not: JSON writers and phones give up on depth.
DEEPEST = 32

Node = dict[str, Any]


class RichTextTooLong(Refusal):
    """Values: `limit` (characters, markup included)."""

    code = "content.rich_text.too_long"
    status = 422
    zh = "正文（含格式）超过 {limit} 个字符，请分成几篇。"
    en = "The text with its markup is longer than {limit} characters: split it into several."


def clean(html: str) -> str:
    """The part of `html` that editors may use, safe to put into any page.

    Kept: TAGS, and on `a` an `href` that `is_link`. Tags outside TAGS go and their text stays, but scripts and styles
    go with their content. Raises RichTextTooLong.
    """
    if len(html) > LONGEST:
        raise RichTextTooLong(limit=LONGEST)
    cleaned = nh3.clean(
        _FORMATTING.sub(r"<\1>", html),
        tags=set(TAGS),
        clean_content_tags={"script", "style"},
        attributes={"a": {"href"}},
        attribute_filter=_keep_link,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer",
    )
    if len(cleaned) > LONGEST:  # what is stored is cleaned again when read, and must pass then
        raise RichTextTooLong(limit=LONGEST)
    return cleaned


# HTML repeats every open formatting element in each later paragraph, and tells them apart by their attributes: 18 KB
# of <em id=1><em id=2>...<p>x<p>x became 13 MB and 370 MB of memory. Alike, no more than three of a kind are repeated.
_FORMATTING = re.compile(
    r"<(b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)\b[^>]*(?:>|\Z)", re.IGNORECASE
)

_PAGE = re.compile(r"/(?!/)[\w\-./]*(\?[\w\-.~=&%+,:;/]*)?", re.ASCII)
_FORBIDDEN_IN_LINK = re.compile(r"[\x00-\x20\x7f\\<>\"'`{}|^\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def is_link(address: str) -> bool:
    """Whether an editor may link to `address`: a web address, or a page of the mini-program ("/pages/batch?id=1").

    A user name in an address ("https://bank.cn@elsewhere") is how one site poses as another, so it is refused.
    """
    if _PAGE.fullmatch(address):
        return True
    if _FORBIDDEN_IN_LINK.search(address):
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:  # a broken IPv6 host or port
        return False


def _keep_link(tag: str, attribute: str, value: str) -> str | None:
    if (tag, attribute) == ("a", "rel"):
        return value
    return value if is_link(value) else None


def nodes(html: str) -> list[Node]:
    """`html`, cleaned, as the tree that a mini-program's rich-text component shows.

    An element is {"name", "attrs", "children"}, a text {"type": "text", "text"} with its entities read. White space
    between blocks is left out; nothing nests deeper than DEEPEST.
    """
    tree = _Tree()
    tree.feed(clean(html))
    tree.close()
    return tree.top


def plain(html: str) -> str:
    """The text of cleaned `html` with its paragraphs kept, as a customer reads it."""
    for end in ("</p>", "</li>", "</h2>", "</h3>", "</h4>", "<br>"):
        html = html.replace(end, end + "\n")
    # "保&nbsp;本" reads 保 本.
    return unescape(strip_tags(html)).strip()


class _Tree(HTMLParser):
    """Builds nodes from cleaned HTML, which is well-formed. Checks tags and links again: a second, independent wall."""

    _SPACED = frozenset({"ul", "ol"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.top: list[Node] = []
        # Open elements: tag, and the list its children go to. An element left out lends its parent's list.
        self._open: list[tuple[str, list[Node]]] = [("", self.top)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inside = self._open[-1][1]
        if tag not in TAGS:
            return
        if len(self._open) > DEEPEST:
            if tag != "br":
                self._open.append((tag, inside))
            return
        kept = {name: value for name, value in attrs if name == "href" and value and is_link(value)}
        node: Node = {"name": tag, "attrs": kept if tag == "a" else {}, "children": []}
        inside.append(node)
        if tag != "br":
            self._open.append((tag, node["children"]))

    def handle_endtag(self, tag: str) -> None:
        if self._open[-1][0] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        name, inside = self._open[-1]
        if not data.strip() and (name == "" or name in self._SPACED):
            return
        inside.append({"type": "text", "text": data})
