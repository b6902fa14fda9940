"""The first visible sheet of an .xlsx file, read row by row.

A workbook is a zip of XML from a stranger. Before a parser sees it, every part is unpacked within a limit and looked
at: nothing that unpacks to more than it may, no document type (entities that multiply), not more tags than a sheet
of our size has. Formulas are not computed, links not followed, pictures and macros not opened.
"""

import re
import warnings
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from campaigns.tenants.organisation.refusals import WorkbookHostile, WorkbookUnreadable

_MAX_PARTS = 500
_MAX_UNPACKED = 60 * 1024 * 1024
_MAX_TAGS = 2_500_000  # in one part; 20,000 rows of 20 filled cells have 1.7 million
_CHUNK = 1 << 20
_LAST_ROW = 1_048_576  # of any sheet; a row number beyond it is a lie
_ZEROS = re.compile(r"0+")


def rows_of_workbook(*, raw: bytes, max_columns: int) -> Iterator[tuple[int, list[str]]]:
    """(row number, texts) of the first visible sheet. Raises WorkbookHostile, WorkbookUnreadable."""
    _look_inside(raw)
    try:
        with warnings.catch_warnings():
            # It warns of styles and extensions that it leaves out; we read values only.
            warnings.simplefilter("ignore")
            yield from _rows(raw, max_columns)
    except Exception as error:
        # The parser answers a damaged file with whatever it trips over.
        raise WorkbookUnreadable from error


def _rows(raw: bytes, max_columns: int) -> Iterator[tuple[int, list[str]]]:
    # A third of a second to load, which every process would wait for at its start and hardly any needs.
    from openpyxl import load_workbook
    from openpyxl.cell.read_only import EMPTY_CELL

    book = load_workbook(BytesIO(raw), read_only=True, data_only=True, keep_links=False)
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


def _look_inside(raw: bytes) -> None:
    try:
        with ZipFile(BytesIO(raw)) as parts:
            names = parts.infolist()
            if len(names) > _MAX_PARTS:
                raise WorkbookHostile
            left = _MAX_UNPACKED
            for each in names:
                if each.flag_bits & 1:
                    raise WorkbookHostile  # encrypted
                content = _unpacked(parts, each, left)
                left -= len(content)
                if each.filename.lower().endswith((".xml", ".rels", ".vml")):
                    _look_at(content)
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


def _unpacked(parts: ZipFile, each: Any, left: int) -> bytes:
    """The part's bytes, counted as they come: what the zip says of their number is not believed."""
    pieces = []
    with parts.open(each) as part:
        while piece := part.read(_CHUNK):
            left -= len(piece)
            if left < 0:
                raise WorkbookHostile
            pieces.append(piece)
    return b"".join(pieces)


def _look_at(content: bytes) -> None:
    plain = (
        content.replace(b"\x00", b"")
        .removeprefix(b"\xef\xbb\xbf")
        .removeprefix(b"\xff\xfe")
        .removeprefix(b"\xfe\xff")
    )
    if (
        not plain.lstrip().startswith(b"<")
        or b"<!D" in plain
        or b"<!E" in plain
        or plain.count(b"<") > _MAX_TAGS
    ):
        raise WorkbookHostile
