"""Organisation files for tests: rows as CSV or as a workbook."""

import csv
from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO
from typing import Any

HEADINGS = ("机构代码", "机构名称", "上级机构代码", "层级")
# The tree of the cast, as a file of the bank would have it.
CAST = [
    ("HO", "总行", "", "总行"),
    ("N", "北方省分行", "HO", "省分行"),
    ("NC", "北城分行", "N", "市分行"),
    ("NB", "北城中山路支行", "NC", "支行"),
    ("S", "南方省分行", "HO", "省分行"),
    ("SC", "南城分行", "S", "市分行"),
    ("SB", "南城解放路支行", "SC", "支行"),
]


def text_of(
    rows: Iterable[Sequence[str]], *, headings: Sequence[str] = HEADINGS, delimiter: str = ","
) -> str:
    lines = StringIO()
    writer = csv.writer(lines, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows(rows)
    return lines.getvalue()


def csv_of(rows: Iterable[Sequence[str]], *, headings: Sequence[str] = HEADINGS) -> bytes:
    return text_of(rows, headings=headings).encode()


def workbook_of(rows: Iterable[Sequence[Any]], *, headings: Sequence[str] = HEADINGS) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(list(headings))
    for row in rows:
        sheet.append(list(row))
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def with_row(row: Sequence[str], rows: Iterable[Sequence[str]] = CAST) -> list[Sequence[str]]:
    """The rows with one instead of that of the same code, or behind them."""
    rows = list(rows)
    codes = [r[0] for r in rows]
    if row[0] in codes:
        rows[codes.index(row[0])] = row
    else:
        rows.append(row)
    return rows
