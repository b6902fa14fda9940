"""A file's bytes as rows of text, whatever program wrote it. Pure."""

import csv
from collections.abc import Iterable
from io import StringIO

from campaigns.lib.text_tables import TextUnreadable as Unreadable
from campaigns.lib.text_tables import decoded, delimiter_of
from campaigns.tenants.organisation.refusals import (
    MAX_BYTES,
    MAX_ROWS,
    FileEmpty,
    FileTooLarge,
    OldWorkbook,
    QuotesUnreadable,
    TextUnreadable,
    TooManyRows,
)
from campaigns.tenants.organisation.workbooks import rows_of_workbook

# The number of a line in the file, from 1, and its cells without the blanks around them.
Row = tuple[int, list[str]]

MAX_COLUMNS = 64
_MAX_CELL = 400  # characters kept; a row with more is refused by its limits


def read_rows(*, raw: bytes) -> list[Row]:
    """All rows that are not blank. Raises a refusal of `refusals.py` for a file that cannot be taken at all."""
    if len(raw) > MAX_BYTES:
        raise FileTooLarge
    found: Iterable[Row]
    if raw.startswith(b"PK"):
        found = rows_of_workbook(raw=raw, max_columns=MAX_COLUMNS)
    elif raw.startswith(bytes.fromhex("d0cf11e0a1b11ae1")):
        raise OldWorkbook
    else:
        found = _rows_of_text(_decoded(raw))
    rows: list[Row] = []
    for line, cells in found:
        texts = [cell.strip()[:_MAX_CELL] for cell in cells[:MAX_COLUMNS]]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            rows.append((line, texts))
        if len(rows) > MAX_ROWS + 1:  # and a row of headings
            raise TooManyRows
    if len(rows) < 2:
        raise FileEmpty
    return rows


def _decoded(raw: bytes) -> str:
    try:
        return decoded(raw)
    except Unreadable as error:
        raise TextUnreadable from error


def _rows_of_text(text: str) -> list[Row]:
    lines = csv.reader(StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)
    rows: list[Row] = []
    start = 1
    try:
        for cells in lines:
            rows.append((start, cells))
            start = lines.line_num + 1
            if len(rows) > 10 * MAX_ROWS:  # blank lines are dropped later
                raise TooManyRows
    except csv.Error as error:
        raise QuotesUnreadable(line=start) from error
    return rows
