"""What blocks are made of. Each part knows its value in a draft, what is frozen of it, and what customers get.

read     what was typed or sent -> the value kept in the draft; raises Wrong
lacks    what is still to be filled in before it can be submitted
freeze   the value -> what is frozen in a revision, thaw the way back
says     what a reviewer reads of it
shows    what a phone gets of it, in the API and in the preview
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.utils.translation import gettext

from campaigns.tenants.scopes import Scope
from content.rich_text import RichTextTooLong, clean, is_link, nodes, plain


class Wrong(Exception):
    """A value that cannot even be kept in a draft: why, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


class Sight(Protocol):
    """Who looks: makes addresses of renditions, and says what a coupon gives; None where it cannot be claimed.

    `is_page`: draws HTML; otherwise it wants nodes.
    """

    @property
    def scope(self) -> Scope: ...

    @property
    def is_page(self) -> bool: ...

    def addresses(self, picture: Mapping[str, Any]) -> dict[str, str]: ...

    def coupon(self, batch_id: str) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class Part:
    """`code` is the key in a block; `needed` without which it is not submitted."""

    code: str
    label: Any
    needed: bool = False
    help: Any = ""
    empty: Any = ""

    def read(self, scope: Scope, value: Any, kept: Any) -> Any:
        """`kept` is the value that the draft has now: what was once chosen may stay."""
        raise NotImplementedError

    def choices(self, scope: Scope) -> list[tuple[str, str]] | None:
        """What a form offers; None for what is typed."""
        return None

    def lacks(self, scope: Scope, value: Any, shown_from: datetime) -> str:
        """In the reader's language; empty when nothing is missing."""
        return gettext("it is empty") if self.needed and value in (self.empty, None, "") else ""

    def freeze(self, scope: Scope, value: Any) -> Any:
        return value

    def thaw(self, value: Any) -> Any:
        return value

    def says(self, scope: Scope, frozen: Any) -> str:
        return str(frozen or "")

    def shows(self, sight: Sight, frozen: Any) -> Any:
        return frozen


def _text(value: Any, longest: int) -> str:
    if not isinstance(value, str):
        raise Wrong("应为文字", "it must be a text")
    text = value.replace("\x00", "").strip()
    if len(text) > longest:
        raise Wrong(f"最多 {longest} 个字", f"at most {longest} characters")
    return text


@dataclass(frozen=True, slots=True)
class Words(Part):
    """Plain words; `longest` characters."""

    longest: int = 120
    lines: int = 1

    def read(self, scope: Scope, value: Any, kept: Any) -> str:
        return _text(value or "", self.longest)


@dataclass(frozen=True, slots=True)
class Link(Part):
    """Where a tap leads: a page of the mini-program or a web address."""

    def read(self, scope: Scope, value: Any, kept: Any) -> str:
        address = _text(value or "", 300)
        if address and not is_link(address):
            raise Wrong(
                "应为小程序页面（/pages/…）或网址（https://…）",
                "it must be a page of the mini-program (/pages/…) or a web address (https://…)",
            )
        return address

    # What was frozen is looked at once more: a phone follows it.
    def shows(self, sight: Sight, frozen: Any) -> str:
        return frozen if isinstance(frozen, str) and is_link(frozen) else ""


@dataclass(frozen=True, slots=True)
class RichText(Part):
    """Text with headings, lists and links: cleaned when it is written, and again when it is read."""

    def read(self, scope: Scope, value: Any, kept: Any) -> str:
        if not isinstance(value or "", str):
            raise Wrong("应为文字", "it must be a text")
        try:
            return clean(value or "")
        except RichTextTooLong as refusal:
            raise Wrong(refusal.detail("zh"), refusal.detail("en")) from refusal

    def lacks(self, scope: Scope, value: Any, shown_from: datetime) -> str:
        return gettext("it is empty") if self.needed and not plain(value or "") else ""

    def says(self, scope: Scope, frozen: Any) -> str:
        return plain(frozen or "")

    def shows(self, sight: Sight, frozen: Any) -> Any:
        return clean(frozen or "") if sight.is_page else nodes(frozen or "")
