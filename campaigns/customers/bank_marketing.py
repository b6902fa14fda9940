"""The file of a bank's telephone campaign (UCI Bank Marketing): what a line says, and who it is.

The file has neither key nor name nor branch. A row is therefore known by the source's name and its place in the
file: row 1 is the line after the header.
"""

import csv
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from campaigns.customers.refusals import (
    FileEmpty,
    HeaderWrong,
    LineTooLong,
    NotText,
    QuoteOpen,
    SourceInvalid,
)

# The columns in their order, and whether each holds a whole number or words.
COLUMNS: dict[str, type[int] | type[str]] = {
    "age": int,
    "job": str,
    "marital": str,
    "education": str,
    "default": str,
    "balance": int,  # euro, yearly average
    "housing": str,
    "loan": str,
    "contact": str,
    "day": int,
    "month": str,
    "duration": int,  # seconds
    "campaign": int,
    "pdays": int,  # -1: never contacted before
    "previous": int,
    "poutcome": str,
    "y": str,
}

MAX_LINE = 16_384  # bytes; real lines have a hundred
MAX_TEXT = 60  # characters
_WHOLE = re.compile(r"[+-]?[0-9]{1,10}")
_LIMIT = 2**31
_SOURCE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_NOT_IN_A_SOURCE = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Row:
    """One customer of the file; `line` counts from 1 with the header, `row` without it."""

    line: int
    row: int
    attributes: dict[str, int | str]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that says something impossible: which column, what it held (cut short), and why."""

    line: int
    column: str
    value: str
    reason: str


def source_of(name: str) -> str:
    """The source's name from a file's: `source_of("bank-full.csv") == "bank-full"`."""
    return (
        _NOT_IN_A_SOURCE.sub("-", name.rpartition(".")[0].lower() or name.lower()).strip("-")[:40].strip("-")
    )


def demand_source(source: str) -> None:
    """Raise SourceInvalid unless `source` is 1 to 40 of a-z, 0-9 and "-"."""
    if not _SOURCE.fullmatch(source):
        raise SourceInvalid(source=source[:40])


def number_of(*, source: str, row: int) -> str:
    """The customer number: six digits of the source's name, then the row; unique by construction in a source."""
    return f"{_hash_of(source) % 10**6:06d}{row:08d}"


def unionid_of(*, source: str, row: int) -> str:
    """The WeChat unionid: `unionid_of(source="bank-full", row=7) == "bank-full-7"`."""
    return f"{source}-{row}"


def branch_for(*, source: str, row: int, branches: Sequence[int]) -> int:
    """The home branch among `branches`, the same for the same list. Chosen once: a known customer is not moved."""
    return branches[_hash_of(f"{source}:{row}") % len(branches)]


def rows_of(file: IO[bytes]) -> Iterator[Row | Rejected]:
    """The rows of an open file, one at a time, in memory that does not grow with it.

    Raises FileEmpty, HeaderWrong, LineTooLong, NotText and QuoteOpen for a file that is not of this kind at all;
    a value that cannot be is a Rejected row. No value of this format holds a line break.
    """
    header = file.readline(MAX_LINE + 1)
    if not header.strip():
        raise FileEmpty
    names = _cells(_text(header.removeprefix(b"\xef\xbb\xbf"), 1), 1)
    if names != list(COLUMNS):
        raise HeaderWrong(expected=";".join(COLUMNS), found=";".join(names or ["?"])[:300])
    line = 1
    while raw := file.readline(MAX_LINE + 1):
        line += 1
        text = _text(raw, line)
        if text.strip():
            yield _row(text, line)


def _hash_of(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _text(raw: bytes, line: int) -> str:
    if len(raw) > MAX_LINE:
        raise LineTooLong(line=line, limit=MAX_LINE)
    if b"\x00" in raw:
        raise NotText(line=line)
    try:
        return raw.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise NotText(line=line) from error


def _cells(text: str, line: int) -> list[str] | None:
    """The cells of one line; None when its quotes make no sense. Raises QuoteOpen when one is never closed."""
    try:
        return next(csv.reader([text], delimiter=";", strict=True))
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise QuoteOpen(line=line) from error
        return None


def _row(text: str, line: int) -> Row | Rejected:
    cells = _cells(text, line)
    if cells is None:
        return Rejected(line, "", text[:MAX_TEXT], "quotes")
    if len(cells) != len(COLUMNS):
        return Rejected(line, "", str(len(cells)), "columns")
    attributes: dict[str, int | str] = {}
    for (name, kind), cell in zip(COLUMNS.items(), cells, strict=True):
        if kind is int:
            if not _WHOLE.fullmatch(cell) or not -_LIMIT <= int(cell) < _LIMIT:
                return Rejected(line, name, cell[:MAX_TEXT], "number")
            attributes[name] = int(cell)
        else:
            if not cell or len(cell) > MAX_TEXT or not cell.isprintable():
                return Rejected(line, name, cell[:MAX_TEXT], "text")
            attributes[name] = cell
    return Row(line, line - 1, attributes)
