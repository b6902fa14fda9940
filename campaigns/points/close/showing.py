"""A close as page, workbook and PDF say it: one place for all three, so that they cannot differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from campaigns.customers.models import Customer
from campaigns.customers.rules import masked_number
from campaigns.points.close.rules import CHECKS, COLUMNS, LINES, ORDER
from campaigns.points.models import LedgerClose
from campaigns.tenants.desk import page_of
from campaigns.tenants.scopes import Scope

_PAGES = {"movement": "points.movement", "customer": "points.wallet"}


@dataclass(frozen=True, slots=True)
class Cell:
    label: str
    text: str
    link: str = ""
    is_number: bool = False


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


def shown(*, scope: Scope, close: LedgerClose) -> Shown:
    """The close in the reader's language."""
    lines = close.figures["book"]
    branches: dict[int, str] = {line["branch"]: line["name"] for line in lines}
    sums: dict[str, list[int]] = {"opening": [0, 0], "closing": [0, 0]}
    for line in lines:
        both = sums.setdefault(line["line"], [0, 0])
        both[0] += line["many"]
        both[1] += line["points"]
    codes = {each["code"] for each in close.differences}
    known = {"branch": branches, "customer": _customers(scope, close)}
    return Shown(
        wrong=[
            Wrong(
                str(CHECKS[each["code"]]),
                each["many"],
                [_cells(row, known) for row in each["rows"]],
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


def _customers(scope: Scope, close: LedgerClose) -> dict[Any, str]:
    """Masked numbers of the customers that the differences name; one of other branches now has its id."""
    ids = {row["customer"] for each in close.differences for row in each["rows"] if row.get("customer")}
    rows = Customer.objects.within(scope).filter(pk__in=ids).values_list("pk", "number_tail")
    return {str(pk): masked_number(tail) for pk, tail in rows}


def _cells(row: Mapping[str, Any], known: Mapping[str, Mapping[Any, str]]) -> list[Cell]:
    """What is wrong first, then its figures, each beside what it should have been: as a table reads."""
    places = {column: place for place, column in enumerate(COLUMNS)}

    def order(column: str) -> tuple[bool, int, int]:
        own = column.removeprefix("booked_").removeprefix("lots_")
        is_figure = column not in known and isinstance(row[column], int)
        return is_figure, places.get(own, places[column]), places[column]

    return [_cell(column, row[column], known) for column in sorted(row, key=order)]


def _cell(column: str, value: Any, known: Mapping[str, Mapping[Any, str]]) -> Cell:
    if column in known:
        text = known[column].get(value, str(value))
    else:
        text = "–" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
    link = page_of(f"{_PAGES[column]}:{value}") if column in _PAGES and value else ""
    is_number = column not in known and isinstance(value, int)
    return Cell(str(COLUMNS[column]), text, link, is_number)
