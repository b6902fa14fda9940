"""How a loaded list of customers and points is read: where it lies, which columns mean what, lot by lot.

The file is a stranger's until then: it is taken in by the reader of customer files, with its limits of size, length and
unpacking, kept sealed, and deleted once its rows are judged.
"""

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings

from campaigns.customers.imports.reading import Head, lines_of
from campaigns.customers.selectors import lookups
from campaigns.lib.sealed_files import open_sealed
from campaigns.points.refusals.awards import PointsColumnMissing
from campaigns.rewards.list_lots import Row, cell_of

LOT = 2_000  # rows judged in one transaction
BEGIN = {"offset": 0, "line": 1}
MOST = 1_000_000_000  # as in one movement

_WHO = {
    "customer_number": ("客户号", "客户编号", "客户号码", "customer_number", "customer number", "customer"),
    "phone": ("手机号", "手机号码", "手机", "电话", "phone", "mobile", "phone number"),
}
_POINTS = ("积分", "积分数", "分数", "分值", "points")
_WHOLE = re.compile(r"\d{1,12}")
_GROUPED = re.compile(r"\d{1,3}([,，]\d{3})+")


class Reading(NamedTuple):
    """Line of the headings (0: none), the column that says whom and by what, the column of points (None: none)."""

    headings: int
    who: int
    kind: str
    points: int | None


class Asked(NamedTuple):
    """One row as typed: whom it names, and how many points (None: no whole number above zero)."""

    row: Row
    points: int | None


def reading_of(*, head: Head, each: int | None) -> Reading:
    """Which columns mean what, by their headings. Without headings the first is the customer number and the second the
    points. Raises PointsColumnMissing where neither a column nor `each` says how many.
    """
    line, cells = head[0]
    names = [cell.strip().lower() for cell in cells]
    known = [(names.index(name), kind) for kind, every in _WHO.items() for name in every if name in names]
    points = next((names.index(name) for name in _POINTS if name in names), None)
    if not known and points is None:
        has_digit = any(letter.isdigit() for letter in (cells or [""])[0])
        line = 0 if has_digit else line
        points = 1 if len(cells) > 1 else None
    who, kind = known[0] if known else (0, "customer_number")
    if each is not None:
        points = None
    elif points is None or points == who:
        raise PointsColumnMissing
    return Reading(line, who, kind, points)


def path_of(*, award_id: UUID) -> Path:
    """Where the sealed content lies: private, under MEDIA_ROOT."""
    name = str(award_id)
    return Path(settings.MEDIA_ROOT) / "award-files" / name[-2:] / name


def sealed_name(award_id: UUID) -> str:
    """What the content is bound to."""
    return f"points.award:{award_id}"


def whole(cell: str) -> int | None:
    """The points that a cell says, or None: "1,000" and "1000" are a thousand, "1.5" and "-3" are no points."""
    text = cell.strip()
    if _GROUPED.fullmatch(text):
        text = re.sub("[,，]", "", text)
    if text.endswith(".0"):  # how spreadsheets save whole numbers
        text = text[:-2]
    if not _WHOLE.fullmatch(text):
        return None
    points = int(text)
    return points if 1 <= points <= MOST else None


def next_rows(
    *, award_id: UUID, reading: dict[str, Any], each: int | None, cursor: dict[str, Any]
) -> tuple[list[Asked], dict[str, int] | None]:
    """The rows from `cursor` on, and where the next begin (None: nowhere). Raises FileNotFoundError when deleted."""
    with open_sealed(path_of(award_id=award_id), name=sealed_name(award_id)) as kept:
        lines = list(
            islice(
                lines_of(kept, delimiter=reading["delimiter"], offset=cursor["offset"], line=cursor["line"]),
                LOT,
            )
        )
    find = lookups()
    rows = []
    for line in lines:
        if line.line <= reading["headings"] or not (line.text or "").strip():
            continue
        cell = cell_of(line, reading["who"])
        points = each if reading["points"] is None else whole(cell_of(line, reading["points"]))
        rows.append(Asked(Row(line.line, cell, find(reading["kind"], cell, "").hex()), points))
    if len(lines) < LOT:
        return rows, None
    last = lines[-1]
    return rows, {
        "offset": last.offset + len(last.text.encode()),
        "line": last.line + last.text.count("\n"),
    }


def refused_lines(
    *, award_id: UUID, reading: dict[str, Any], lines: Sequence[int]
) -> dict[int, tuple[str, str]]:
    """What stood in these lines: the cell that says whom, and the one that says how many."""
    wanted = set(lines)
    points = reading["points"]
    with open_sealed(path_of(award_id=award_id), name=sealed_name(award_id)) as kept:
        return {
            line.line: (cell_of(line, reading["who"]), "" if points is None else cell_of(line, points))
            for line in lines_of(kept, delimiter=reading["delimiter"], offset=0, line=1)
            if line.line in wanted
        }
