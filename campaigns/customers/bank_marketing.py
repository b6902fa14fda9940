"""The file of a bank's telephone campaign (UCI Bank Marketing): what a line says, and who it is.

The file has neither key nor name nor branch. A row is therefore known by the source's name and its place in the
file: row 1 is the line after the header.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from campaigns.customers.refusals import SourceInvalid

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

MAX_TEXT = 60  # characters
_WHOLE = re.compile(r"[+-]?[0-9]{1,10}")
_LIMIT = 2**31
Home = TypeVar("Home")
_SOURCE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_NOT_IN_A_SOURCE = re.compile(r"[^a-z0-9]+")


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


def branch_of(*, source: str, row: int, branches: Sequence[Home]) -> Home | None:
    """The home branch among `branches`, the same for the same list. Chosen once: a known customer is not moved."""
    return branches[_hash_of(f"{source}:{row}") % len(branches)] if branches else None


def reader_of(kind: type[int] | type[str]) -> Callable[[str], int | str]:
    """What reads a cell of a column that holds `kind`; it raises Impossible."""
    return _whole if kind is int else _words


class Impossible(ValueError):
    """A value that cannot be: "number" or "text"."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def _whole(cell: str) -> int:
    if not _WHOLE.fullmatch(cell) or not -_LIMIT <= int(cell) < _LIMIT:
        raise Impossible("number")
    return int(cell)


def _words(cell: str) -> str:
    if not cell or len(cell) > MAX_TEXT or not cell.isprintable():
        raise Impossible("text")
    return cell


def _hash_of(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
