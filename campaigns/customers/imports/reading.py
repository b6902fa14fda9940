"""A stranger's file taken in: checked as a whole, and kept as sealed UTF-8 text with one record a row.

Memory does not grow with the file. Everything after this reads the kept one, from any record on.
"""

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

from campaigns.customers.imports.refusals import OldWorkbook, WorkbookHostile, WorkbookUnreadable
from campaigns.customers.refusals import FileEmpty, LineTooLong, NotText, QuoteOpen
from campaigns.lib import text_tables, workbooks
from campaigns.lib.sealed_files import SealedWriter, open_sealed

MAX_COLUMNS = 200
_HEAD = 12  # records looked at for headings and delimiter
_MANY = 5_000  # rows of a workbook written together
# A sheet ends at 1,048,576 rows; what stands beside the sheets is held in memory by the parser.
_LIMITS = workbooks.Limits(unpacked=4 << 30, tags=400_000_000, beside=128 << 20)
_PIECE = 1 << 18
_made = tuple.__new__  # as in text_tables

Head = list[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class Taken:
    """What is known of a file by having read it once. `rows` counts records, title and headings included."""

    sha256: str
    size: int
    form: str  # "csv", "xlsx"
    encoding: str
    delimiter: str
    rows: int
    head: Head = field(default_factory=list)  # (line, cells) of the first records


def take(file: IO[bytes], *, path: Path, name: str) -> Taken:
    """Read an open file once and keep it sealed at `path`. Raises a FileRefused; then nothing is kept."""
    kept = SealedWriter(path, name=name)
    try:
        taken = _take(file, kept, path, name)
    except BaseException:
        kept.discard()
        path.unlink(missing_ok=True)
        raise
    return taken


def _take(file: IO[bytes], kept: SealedWriter, path: Path, name: str) -> Taken:
    sha256, size = _print_of(file)
    file.seek(0)
    start = file.read(8)
    if start.startswith(bytes.fromhex("d0cf11e0a1b11ae1")):
        raise OldWorkbook
    if start.startswith(b"PK"):
        form, encoding, delimiter = "xlsx", "", ","
        _keep_workbook(file, kept)
    else:
        form = "csv"
        try:
            encoding = text_tables.encoding_of(file)
            first = next(text_tables.as_text(file, encoding=encoding), "")
            delimiter = text_tables.delimiter_of(first)
            for piece in text_tables.as_text(file, encoding=encoding):
                kept.write(piece.encode())
        except text_tables.TextUnreadable as error:
            raise NotText(line=error.line) from error
    kept.close()
    rows, head = _counted(path, name, delimiter)
    if rows < 2:
        raise FileEmpty
    return Taken(sha256, size, form, encoding, delimiter, rows, head)


def _print_of(file: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while piece := file.read(_PIECE):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def _keep_workbook(file: IO[bytes], kept: SealedWriter) -> None:
    """The first visible sheet as text. A row that the sheet leaves out stays an empty line: lines keep their number."""
    lines = io.StringIO(newline="")
    written = csv.writer(lines, lineterminator="\n")
    last = 0
    try:
        file.seek(0)
        for number, cells in workbooks.rows_of_workbook(file, max_columns=MAX_COLUMNS, limits=_LIMITS):
            lines.write("\n" * (number - last - 1))
            written.writerow([_one_line(cell) for cell in cells])
            last = number
            if number % _MANY == 0:
                kept.write(lines.getvalue().encode(errors="replace"))
                lines.seek(0)
                lines.truncate()
    except workbooks.WorkbookHostile as error:
        raise WorkbookHostile from error
    except workbooks.WorkbookUnreadable as error:
        raise WorkbookUnreadable from error
    kept.write(lines.getvalue().encode(errors="replace"))


def _one_line(cell: str) -> str:
    return " ".join(cell.split()) if "\n" in cell or "\r" in cell or "\x00" in cell else cell


def _counted(path: Path, name: str, delimiter: str) -> tuple[int, Head]:
    """How many records, and the first of them; each is looked at, so that no later step meets a broken one."""
    rows, head = 0, []
    with open_sealed(path, name=name) as kept:
        try:
            for record in text_tables.records_of(kept, delimiter=delimiter):
                rows += 1
                if rows <= _HEAD:
                    head.append((record.line, cells_of(record.text, delimiter) or []))
        except text_tables.RecordTooLong as error:
            raise LineTooLong(line=error.line, limit=text_tables.MAX_RECORD) from error
        except text_tables.QuoteOpen as error:
            raise QuoteOpen(line=error.line) from error
    return rows, head


def cells_of(text: str, delimiter: str) -> list[str] | None:
    """The cells of one record; None when its quotes make no sense."""
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter, strict=True))]
    except (csv.Error, StopIteration):
        return None


class Line(NamedTuple):
    """One record with its cells, or None when its quotes make no sense."""

    offset: int
    line: int
    text: str
    cells: list[str] | None


def lines_of(kept: IO[bytes], *, delimiter: str, offset: int, line: int) -> Iterator[Line]:
    """The records from `offset` on, where line `line` begins."""
    records = text_tables.records_of(kept, delimiter=delimiter, offset=offset, line=line)
    current: Any = None

    def texts() -> Iterator[str]:
        nonlocal current
        for current in records:
            yield current.text

    # One reader for all of them: it begins anew with each record, after a broken one as well.
    rows = csv.reader(texts(), delimiter=delimiter, strict=True)
    while True:
        try:
            cells: list[str] | None = next(rows)
        except StopIteration:
            return
        except csv.Error:
            cells = None
        yield _made(Line, (*current, cells))
