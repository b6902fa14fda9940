"""What a value of an attribute may be, and how it is read from a form or a file; pure functions.

Stored values are JSON: a number, money in fen, "2026-11-22", a choice's code, text, true or false.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

Value = int | float | str | bool

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
MAX_TEXT = 200  # characters
LIMIT = 10**15  # of numbers and of fen: JSON readers keep whole numbers exact up to nine times that

# code of a ValueNotUnderstood -> what forms and lists of refused rows say.
WHY: Mapping[str, tuple[str, str]] = {
    "empty": ("没有内容", "nothing is there"),
    "number": ("不是数字", "this is not a number"),
    "money": ("不是金额", "this is not an amount of money"),
    "date": ("不是日期", "this is not a date"),
    "choice": ("不在可选值之中", "this is none of the choices"),
    "text": ("含有不可显示的字符", "it has characters that cannot be shown"),
    "flag": ("应为“是”或“否”", "this is neither yes nor no"),
    "too_long": ("太长", "this is too long"),
    "too_large": ("数值太大", "this is too large"),
}

_YES = frozenset({"是", "有", "yes", "y", "true", "t", "1", "on", "√"})
_NO = frozenset({"否", "无", "no", "n", "false", "f", "0", "off", "×"})
_DATE = re.compile(
    r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?(?:[ T][0-9:.Z+-]*)?|(\d{4})(\d\d)(\d\d)"
)
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[+-]?\.\d+")
_FACTORS = {"万": 10**4, "亿": 10**8}


class ValueNotUnderstood(ValueError):
    """A text that is no value of its attribute; `code` is a key of WHY."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Definition(Protocol):
    """What reading needs to know of an attribute (`Attribute` is one)."""

    @property
    def kind(self) -> str: ...
    @property
    def choices(self) -> Sequence[Mapping[str, Any]]: ...


def read_value(attribute: Definition, text: str) -> Value:
    """The value that `text` says. Raises ValueNotUnderstood. For many, take `reader_of` once."""
    return reader_of(attribute)(text)


def reader_of(attribute: Definition) -> Callable[[str], Value]:
    """How texts of this attribute are read: a function that raises ValueNotUnderstood."""
    if attribute.kind == "choice":
        by_name = _choices_by_name(attribute.choices)

        def read_choice(text: str) -> Value:
            found = by_name.get(_plain(text).casefold())
            if found is None:
                raise ValueNotUnderstood("choice")
            return found

        return read_choice
    return _READERS[attribute.kind]


def is_value(attribute: Definition, value: object) -> bool:
    """Is this JSON value one that the attribute may hold?"""
    match attribute.kind:
        case "flag":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LIMIT
        case "money":
            return isinstance(value, int) and not isinstance(value, bool) and abs(value) < LIMIT
        case "date":
            return isinstance(value, str) and _is_date(value)
        case "choice":
            return any(choice["code"] == value for choice in attribute.choices)
        case _:
            return isinstance(value, str) and 0 < len(value) <= MAX_TEXT


def _plain(text: str) -> str:
    """Without outer blanks, full-width digits and letters as plain ones. Raises ValueNotUnderstood("empty")."""
    text = (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip()
    if not text:
        raise ValueNotUnderstood("empty")
    return text


def _choices_by_name(choices: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    # A code beats a name that happens to be the same.
    names: dict[str, str] = {}
    for key in ("name_en", "name", "code"):
        names |= {_plain(str(c[key])).casefold(): c["code"] for c in choices if c.get(key)}
    return names


def _decimal(text: str, why: str) -> Decimal:
    factor = _FACTORS.get(text[-1:], 1)
    if factor > 1:
        text = text[:-1].rstrip()
    if len(text) > 40 or not _NUMBER.fullmatch(text):
        raise ValueNotUnderstood(why)
    return Decimal(text.replace(",", "")) * factor


def _number(text: str) -> Value:
    value = _decimal(_plain(text), "number")
    if abs(value) >= LIMIT:
        raise ValueNotUnderstood("too_large")
    return int(value) if value == value.to_integral_value() else float(value)


def _money(text: str) -> Value:
    text = _plain(text).removeprefix("¥").removeprefix("CNY").removesuffix("元").strip()
    fen = _decimal(text, "money") * 100
    if fen != fen.to_integral_value():
        raise ValueNotUnderstood("money")
    if abs(fen) >= LIMIT:
        raise ValueNotUnderstood("too_large")
    return int(fen)


def _date(text: str) -> Value:
    found = _DATE.fullmatch(_plain(text))
    if not found:
        raise ValueNotUnderstood("date")
    year, month, day = (int(part) for part in found.groups() if part is not None)
    try:
        return date(year, month, day).isoformat()
    except ValueError as error:
        raise ValueNotUnderstood("date") from error


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _flag(text: str) -> Value:
    word = _plain(text).casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueNotUnderstood("flag")


def _text(text: str) -> Value:
    text = text.strip()
    if not text:
        raise ValueNotUnderstood("empty")
    if len(text) > MAX_TEXT:
        raise ValueNotUnderstood("too_long")
    if not text.isprintable():
        raise ValueNotUnderstood("text")
    return text


_READERS: Mapping[str, Callable[[str], Value]] = {
    "number": _number,
    "money": _money,
    "date": _date,
    "flag": _flag,
    "text": _text,
}
