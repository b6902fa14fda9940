"""CSV as a spreadsheet opens it: Chinese is read as such, and no cell is taken for a formula."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

# A cell that begins like this would be run by a spreadsheet (OWASP, CSV injection).
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(cell: object) -> object:
    """Text that a spreadsheet would run becomes text that it shows; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_RUNS) else cell


def csv_bytes(head: Sequence[object], rows: Iterable[Sequence[object]]) -> bytes:
    """UTF-8 with the mark by which spreadsheets know it."""
    written = StringIO(newline="")
    lines = csv.writer(written)
    lines.writerow([harmless(str(cell)) for cell in head])
    lines.writerows([harmless(cell) for cell in row] for row in rows)
    return written.getvalue().encode("utf-8-sig")


def csv_line(cells: Sequence[object]) -> str:
    """One line with its end. The cells are harmless already, or shown to nobody but programs."""
    written = StringIO(newline="")
    csv.writer(written).writerow(cells)
    return written.getvalue()
