"""A rule as the rows that people fill in, and back; pure.

What a page shows and sends is a tree of dictionaries, JSON like the rule itself, with values as they are typed:

    {"box": "all" | "any" | "none", "parts": [...]}              a box; "bare": true lets its one part stand alone
    {"about": "attribute:aum", "is": ">", "typed": ["50000"]}    a condition: money in yuan, numbers and dates as text
        with "days": "30" and "where": ["product_class", "wealth"] (or []) of what is counted over days
    {"as_is": ...}                                               what cannot be shown as a row, kept as it stands

`rule_of(rows_of(rule)).rule == rule` for every JSON, a rule or not: an editor who opens and saves changes nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaigns.customers.attribute_rules import ValueNotUnderstood, read_value
from campaigns.customers.conditions import (
    ASKED,
    IN_DAYS,
    KNOWN,
    MAX_CONDITIONS,
    MAX_DEPTH,
    Catalogue,
    Condition,
    RuleWrong,
    Words,
    read_rule,
)
from campaigns.lib.refusals import Refusal

Row = dict[str, Any]
Path = tuple[int, ...]  # where a row stands: the second part of the first part of the outer box is (0, 1)

BOXES = ("all", "any", "none")
BLANK: Row = {"about": "", "is": "", "typed": []}
# A page may be in the middle of something: more than a rule may have, and still no end of it.
MOST_ROWS, DEEPEST = 4 * MAX_CONDITIONS, MAX_DEPTH + 4

_ABSENT = object()
_NOT_YET = _("not filled in yet")


class RowsWrong(Refusal):
    """What was sent is no tree of rows: no page of ours sent it."""

    code = "customers.rule.rows_wrong"
    status = 400
    zh = "提交的条件无法识别，请刷新页面后重试。"
    en = "The conditions that were sent cannot be read: load the page again."


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one row, or not there yet (`is_blank`)."""

    path: Path
    why: Words
    is_blank: bool = False

    @property
    def number(self) -> str:
        """The row as the page numbers it: "2.1"; "" for the whole."""
        return ".".join(str(n + 1) for n in self.path)


@dataclass(frozen=True, slots=True)
class Filled:
    """What the rows say. `rule` is JSON, a whole rule unless something was found; `condition` is made of those rows
    that are whole, and None when there are none.
    """

    rule: Any
    findings: tuple[Finding, ...]
    condition: Condition | None


def new_rows() -> Row:
    """One box with one row to fill in."""
    return {"box": "all", "parts": [dict(BLANK)]}


# --- the rule as rows ------------------------------------------------------------------------------------------------


def rows_of(rule: Any, catalogue: Catalogue) -> Row:
    """The outer box of any JSON."""
    found = _row_of(rule, catalogue, DEEPEST)
    if sum(1 for _row in rows_in(found)) > MOST_ROWS:
        found = {"as_is": rule}
    return found if "box" in found else {"box": "all", "bare": True, "parts": [found]}


def _row_of(rule: Any, catalogue: Catalogue, depth: int) -> Row:
    if depth > 1:
        match rule:
            case {"all": list(parts), **more} if not more:
                return {"box": "all", "parts": [_row_of(part, catalogue, depth - 1) for part in parts]}
            case {"any": list(parts), **more} if not more:
                return {"box": "any", "parts": [_row_of(part, catalogue, depth - 1) for part in parts]}
            case {"not": part, **more} if not more:
                inner = _row_of(part, catalogue, depth - 1)
                # "None of these" is the denial of "any of these"; of one thing it is its denial.
                several = inner.get("box") == "any" and len(inner["parts"]) > 1
                return {"box": "none", "parts": inner["parts"] if several else [inner]}
    match rule:
        case {"about": str(about), "is": str(how), **more} if not more.keys() - {"value", "days", "where"}:
            typed = _typed(about, how, more.get("value", _ABSENT), catalogue)
            span = _span(about, how, more, catalogue)
            if typed is not None and span is not None:
                return {"about": about, "is": how, "typed": typed, **span}
    return {"as_is": rule}


def _span(about: str, how: str, more: Mapping[Any, Any], catalogue: Catalogue) -> Row | None:
    """Over how many days, and what narrows it down, as one would type it; None for what cannot be typed."""
    if not _is_counted(about, catalogue):
        return None if more.keys() - {"value"} else {}
    days = more.get("days")
    if how in KNOWN or not isinstance(days, int) or isinstance(days, bool) or not 0 <= days < 10**9:
        return None
    if "where" not in more:
        return {"days": str(days), "where": []}
    match more["where"]:
        case dict(given) if len(given) == 1:
            [(code, value)] = given.items()
            if code and isinstance(value, str) and value and value == value.strip() and value.isprintable():
                return {"days": str(days), "where": [code, value]}
    return None


def _is_counted(about: str, catalogue: Catalogue) -> bool:
    subject = catalogue.subjects.get(about)
    return subject is not None and subject.is_counted


def _typed(about: str, how: str, value: Any, catalogue: Catalogue) -> list[str] | None:
    """The value as one would type it; None when typing it would not give the same value again."""
    kind = _kind_of(about, catalogue)
    if how not in ASKED.get(kind, ()):
        return None
    if how in KNOWN:
        return [] if value is _ABSENT else None
    several = value if how == "between" or kind in ("choice", "tags") or how == "in" else [value]
    if not isinstance(several, list) or not all(isinstance(v, str | int | float) for v in several):
        return None
    try:
        typed = [_written(kind, each) for each in several]
        again = _value(kind, how, typed)
    except (ValueError, OverflowError, ArithmeticError, _Blank):
        return None
    return typed if again == value else None


def _written(kind: str, value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case str():
            # A line of a form holds no more.
            if value != value.strip() or not value.isprintable():
                raise ValueError(value)
            return value
    number = Decimal(repr(value)) / (100 if kind == "money" else 1)
    return f"{number:f}"


def _kind_of(about: str, catalogue: Catalogue) -> str:
    if about == "tags":
        return "tags"
    subject = catalogue.subjects.get(about)
    return subject.kind if subject is not None else ""


# --- the rows as a rule ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Reading:
    catalogue: Catalogue
    findings: list[Finding] = field(default_factory=list)
    # Where the rule has what -> which row that is.
    places: dict[str, Path] = field(default_factory=dict)
    rows: int = 0


def rule_of(rows: object, catalogue: Catalogue) -> Filled:
    """What the rows say, and everything that is wrong with them. Raises RowsWrong."""
    reading = _Reading(catalogue)
    if not isinstance(rows, dict) or "box" not in rows:
        raise RowsWrong
    rule, whole = _said(rows, reading, (), "rule", DEEPEST + 1)
    condition = None
    if whole is not _ABSENT:
        try:
            condition = read_rule(whole, catalogue)
        except RuleWrong as wrong:
            place = str(wrong.values["where"])
            path = reading.places.get(place, ()) if not reading.findings else ()
            reading.findings.append(Finding(path, wrong.values["why"]))
    return Filled(rule, tuple(reading.findings), condition)


def _said(row: object, reading: _Reading, path: Path, where: str, depth: int) -> tuple[Any, Any]:
    """The JSON of a row, and that of what is whole in it (or _ABSENT)."""
    reading.rows += 1
    reading.places.setdefault(where, path)
    if not isinstance(row, dict) or depth == 0 or reading.rows > MOST_ROWS:
        raise RowsWrong
    match row:
        case {"box": str(box), "parts": list(parts)} if box in BOXES:
            return _boxed(
                box, parts, row.get("bare") is True and len(parts) == 1, reading, path, where, depth
            )
        case {"as_is": rule}:
            return rule, _judged(rule, reading, path)
        case {"about": str(about), "is": str(how), "typed": list(typed)} if all(
            isinstance(each, str) for each in typed
        ):
            return _asked(about, how, typed, reading, path, row)
    raise RowsWrong


def _boxed(
    box: str, parts: list[Any], is_bare: bool, reading: _Reading, path: Path, where: str, depth: int
) -> tuple[Any, Any]:
    is_one = len(parts) == 1
    if box == "none" and not is_one:
        reading.places[f"{where}.not"] = path
    if box == "none":
        inner = f"{where}.not" if is_one else f"{where}.not.any"
    else:
        inner = f"{where}.{box}"
    if not parts:
        reading.findings.append(Finding(path, _("there is no condition in this box yet"), is_blank=True))
    said = []
    for n, part in enumerate(parts):
        at = where if is_bare and box != "none" else inner if box == "none" and is_one else f"{inner}.{n + 1}"
        said.append(_said(part, reading, (*path, n), at, depth - 1))
    rule = _wrapped(box, [rule for rule, _whole in said], is_bare)
    good = [whole for _rule, whole in said if whole is not _ABSENT]
    return rule, _wrapped(box, good, is_bare) if good else _ABSENT


def _wrapped(box: str, parts: list[Any], is_bare: bool) -> Any:
    if box == "none":
        return {"not": parts[0]} if len(parts) == 1 else {"not": {"any": parts}}
    return parts[0] if is_bare else {box: parts}


def _judged(rule: Any, reading: _Reading, path: Path) -> Any:
    try:
        read_rule(rule, reading.catalogue)
    except RuleWrong as wrong:
        reading.findings.append(Finding(path, wrong.values["why"]))
        return _ABSENT
    return rule


def _asked(
    about: str, how: str, typed: list[str], reading: _Reading, path: Path, row: Mapping[str, Any]
) -> tuple[Any, Any]:
    rule: Row = {"about": about, "is": how}
    kind = _kind_of(about, reading.catalogue)
    try:
        if not about or not how:
            raise _Blank
        if _is_counted(about, reading.catalogue):
            rule |= _spanned(row)
        if how not in KNOWN:
            rule["value"] = typed
            if how in ASKED.get(kind, ()):
                rule["value"] = _value(kind, how, typed)
    except _Blank:
        reading.findings.append(Finding(path, _NOT_YET, is_blank=True))
        return rule, _ABSENT
    except ValueNotUnderstood as wrong:
        why = _TOO_LARGE if wrong.code == "too_large" else _BELONGS["days" if how in IN_DAYS else kind]
        reading.findings.append(Finding(path, why))
        return rule, _ABSENT
    return rule, _judged(rule, reading, path)


def _spanned(row: Mapping[str, Any]) -> Row:
    """The days and what narrows it down. Raises _Blank, ValueNotUnderstood, RowsWrong."""
    match row.get("days", ""), row.get("where", []):
        case str(days), list(where) if all(isinstance(each, str) for each in where):
            texts = [each.strip() for each in where if each.strip()]
            if not days.strip() or len(texts) not in (0, 2) or len(texts) < len(where):
                raise _Blank
            said: Row = {"days": _one("date", IN_DAYS[0], days.strip())}
            return said | ({"where": {texts[0]: texts[1]}} if texts else {})
    raise RowsWrong


class _Blank(Exception):
    """Nothing was typed where something belongs."""


_TOO_LARGE = _("this is too large")
_BELONGS: Mapping[str, Words] = {
    "number": _("a number belongs here"),
    "money": _("an amount in yuan belongs here, such as 50000 or 5万"),
    "date": _("a date such as 2026-11-22 belongs here"),
    "moment": _("a date such as 2026-11-22 belongs here"),
    "flag": _NOT_YET,
    "days": _("a number of days belongs here"),
}


@dataclass(frozen=True, slots=True)
class _Plain:
    """A kind of value without choices, as `read_value` wants it."""

    kind: str
    choices: tuple[Mapping[str, Any], ...] = ()


def _value(kind: str, how: str, typed: list[str]) -> Any:
    """The value that was typed. Raises _Blank, ValueNotUnderstood."""
    texts = [each.strip() for each in typed]
    if kind in ("choice", "tags") or (kind == "text" and how == "in"):
        texts = [each for each in texts if each]
        if not texts:
            raise _Blank
        return texts
    wanted = 2 if how == "between" else 1
    if len(texts) != wanted or not all(texts):
        raise _Blank
    values = [_one(kind, how, text) for text in texts]
    return values if how == "between" else values[0]


def _one(kind: str, how: str, text: str) -> Any:
    match kind:
        case "flag":
            if text not in ("yes", "no"):
                raise _Blank
            return text == "yes"
        case "text":
            return text
        case "date" | "moment" if how in IN_DAYS:
            days = read_value(_Plain("number"), text)
            if not isinstance(days, int):
                raise ValueNotUnderstood("number")
            return days
        case "date" | "moment":
            return read_value(_Plain("date"), text)
    return read_value(_Plain(kind), text)


def rows_in(rows: Row) -> Iterator[Row]:
    """All rows and boxes of the tree."""
    yield rows
    for part in rows.get("parts", ()):
        yield from rows_in(part)
