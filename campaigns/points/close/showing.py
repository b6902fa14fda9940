"""A close as page, workbook and PDF say it: one place for all three, so that they cannot differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from campaigns.points.close.rules import CHECKS, COLUMNS, LINES, ORDER
from campaigns.points.models import LedgerClose
from campaigns.tenants.desk import page_of

_PAGES = {"movement": "points.movement", "customer": "points.wallet"}


@dataclass(frozen=True, slots=True)
class Cell:
    label: str
    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """One check that did not hold: how many rows disagree, and those that were kept."""

    words: str
    many: int
    rows: list[list[Cell]]

    @property
    def left_out(self) -> int:
        return self.many - len(self.rows)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the book: so many movements, and so many points; `is_sum` for what stood there."""

    words: str
    many: int
    points: int
    is_sum: bool


@dataclass(frozen=True, slots=True)
class Book:
    """What one issuing branch owes, from begin to end."""

    branch: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Shown:
    wrong: list[Wrong]
    checks: list[str]
    whole: Book
    books: list[Book]
    owed: int


def shown(*, close: LedgerClose) -> Shown:
    """The close in the reader's language."""
    lines = close.figures["book"]
    branches: dict[int, str] = {line["branch"]: line["name"] for line in lines}
    sums: dict[str, list[int]] = {"opening": [0, 0], "closing": [0, 0]}
    for line in lines:
        both = sums.setdefault(line["line"], [0, 0])
        both[0] += line["many"]
        both[1] += line["points"]
    codes = {each["code"] for each in close.differences}
    return Shown(
        wrong=[
            Wrong(
                str(CHECKS[each["code"]]),
                each["many"],
                [[_cell(column, value, branches) for column, value in row.items()] for row in each["rows"]],
            )
            for each in close.differences
        ],
        checks=[str(words) for code, words in CHECKS.items() if code not in codes],
        whole=_book(_("in all"), {line: (many, points) for line, (many, points) in sums.items()}),
        books=[
            _book(
                name,
                {line["line"]: (line["many"], line["points"]) for line in lines if line["branch"] == branch},
            )
            for branch, name in branches.items()
        ],
        owed=close.figures["owed"],
    )


def _book(branch: str, lines: Mapping[str, tuple[int, int]]) -> Book:
    told = {"opening": (0, 0), "closing": (0, 0), **lines}
    return Book(
        branch,
        [
            Line(str(LINES[line]), many, points, line in ("opening", "closing"))
            for line, (many, points) in sorted(told.items(), key=lambda each: ORDER[each[0]])
            # What moves points from one hand to another of the same issuer is no news of the liability.
            if points or line in ("opening", "closing")
        ],
    )


def _cell(column: str, value: Any, branches: Mapping[int, str]) -> Cell:
    if column == "branch":
        text = branches.get(value, str(value))
    else:
        text = "–" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
    link = page_of(f"{_PAGES[column]}:{value}") if column in _PAGES and value else ""
    return Cell(str(COLUMNS[column]), text, link)
