"""The first visible sheet of an .xlsx file, read row by row.

A workbook is a zip of XML from a stranger. Before a parser sees it, every part is unpacked within a limit and looked
at: nothing that unpacks to more than it may, no document type (entities that multiply), not more tags than a sheet
of the size that is asked for has. Formulas are not computed, links not followed, pictures and macros not opened.
"""

import re
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

_MAX_PARTS = 500
_CHUNK = 1 << 20
_LAST_ROW = 1_048_576  # of any sheet; a row number beyond it is a lie
_ZEROS = re.compile(r"0+")


class WorkbookUnreadable(ValueError):
    """Damaged, or not an ordinary workbook."""


class WorkbookHostile(ValueError):
    """More than its size promises, or with parts that no spreadsheet program writes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`unpacked`: bytes of all parts together; `tags` in one part; `beside`: bytes of a part that is no sheet, since
    the parser holds such a part as a whole.
    """

    unpacked: int
    tags: int
    beside: int


def rows_of_workbook(file: IO[bytes], *, max_columns: int, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """(row number, texts) of the first visible sheet. Raises WorkbookHostile, WorkbookUnreadable."""
    _look_inside(file, limits)
    rows = _rows(file, max_columns)
    while True:
        try:
            with warnings.catch_warnings():
                # It warns of styles and extensions that it leaves out; we read values only.
                warnings.simplefilter("ignore")
                row = next(rows, None)
        except Exception as error:
            # The parser answers a damaged file with whatever it trips over.
            raise WorkbookUnreadable from error
        if row is None:
            return
        yield row


def _rows(file: IO[bytes], max_columns: int) -> Iterator[tuple[int, list[str]]]:
    # A third of a second to load, which every process would wait for at its start and hardly any needs.
    from openpyxl import load_workbook
    from openpyxl.cell.read_only import EMPTY_CELL

    book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    try:
        sheet = next(s for s in book.worksheets if s.sheet_state == "visible")
        sheet.reset_dimensions()  # what the file says of its own size is not believed
        gap = None
        for number, cells in enumerate(sheet.iter_rows(max_row=_LAST_ROW, max_col=max_columns), start=1):
            # Where rows are missing the parser hands out one empty row again and again, a million times where the
            # number of the next one lies.
            if cells is gap:
                continue
            if all(cell is EMPTY_CELL for cell in cells):
                gap = cells
            else:
                yield number, [_text_of(cell) for cell in cells]
    finally:
        book.close()


def _text_of(cell: Any) -> str:
    """What a person sees in the cell, as far as it matters for codes and names."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, int):
        # A code typed as a number keeps the zeros that its format shows.
        shape = str(cell.number_format or "")
        return (
            str(value).zfill(len(shape) if _ZEROS.fullmatch(shape) else 0)
            if abs(value) < 1e15
            else f"{value:E}"
        )
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _look_inside(file: IO[bytes], limits: Limits) -> None:
    try:
        with ZipFile(file) as parts:
            names = parts.infolist()
            if len(names) > _MAX_PARTS:
                raise WorkbookHostile
            left = limits.unpacked
            for each in names:
                if each.flag_bits & 1:
                    raise WorkbookHostile  # encrypted
                left -= _looked_at(parts, each, left, limits)
    except WorkbookHostile:
        raise
    except (
        BadZipFile,
        zlib.error,
        NotImplementedError,
        EOFError,
        OSError,
        ValueError,
        RuntimeError,
    ) as error:
        raise WorkbookUnreadable from error


def _looked_at(parts: ZipFile, each: Any, left: int, limits: Limits) -> int:
    """The part's size, counted as it comes: what the zip says of it is not believed."""
    name = each.filename.lower()
    is_text = name.endswith((".xml", ".rels", ".vml"))
    most = left if name.startswith("xl/worksheets/") else min(left, limits.beside)
    size = tags = 0
    before, is_first = b"", True
    with parts.open(each) as part:
        while piece := part.read(_CHUNK):
            size += len(piece)
            if size > most:
                raise WorkbookHostile
            if not is_text:
                continue
            plain = piece.replace(b"\x00", b"")
            if is_first:
                for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
                    plain = plain.removeprefix(mark)
                if not plain.lstrip().startswith(b"<"):
                    raise WorkbookHostile
                is_first = False
            tags += plain.count(b"<")
            # A declaration may be cut in two by the piece's end.
            seam = before + plain
            if b"<!D" in seam or b"<!E" in seam or tags > limits.tags:
                raise WorkbookHostile
            before = plain[-2:]
    if is_text and is_first:
        raise WorkbookHostile
    return size
