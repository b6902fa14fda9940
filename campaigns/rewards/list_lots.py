"""The lots of a loaded list: the next one is read and hashed while the database is busy with the one before.

Never a query in here. What was made beforehand is a convenience: a lot that nobody made is made when it is asked for.
"""

import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings

from campaigns.customers.imports.reading import Line, lines_of
from campaigns.customers.selectors import lookups
from campaigns.lib.sealed_files import open_sealed
from campaigns.rewards.models.grants import BatchFile

LOT = 5_000  # rows of one transaction
BEGIN = {"offset": 0, "line": 1, "lot": 0}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# What a kind of work makes for so many rows before it has the database.
Beforehand = Callable[[int], Any]


class Row(NamedTuple):
    """One row: its line in the file, the cell that says whom or what it means, and by which hash (in hex) a customer
    number is found; "" for an id, and where nobody is named.
    """

    line: int
    cell: str
    lookup: str = ""

    @property
    def customer_id(self) -> UUID | None:
        """Whom the cell means by id."""
        return UUID(self.cell) if not self.lookup and _UUID.fullmatch(self.cell) else None


class Lot(NamedTuple):
    """Rows of one transaction, what was made for them, and where the next lot begins (None: nowhere)."""

    rows: list[Row]
    fresh: Any
    after: dict[str, int] | None


def row_of(*, line: int, cell: str) -> Row:
    """A row that names a customer, by number or by id."""
    return _named(line, cell, lookups())


def next_lot(*, file: BatchFile, cursor: dict[str, int], beforehand: Beforehand | None = None) -> Lot:
    """The lot that begins at `cursor`. Raises FileNotFoundError when the content is deleted."""
    lot = _AHEAD.take(file, cursor, beforehand)
    if lot.after is not None:
        _AHEAD.begin(file, lot.after, beforehand)
    return lot


def path_of(*, file_id: UUID) -> Path:
    """Where the sealed content lies: private, under MEDIA_ROOT."""
    name = str(file_id)
    return Path(settings.MEDIA_ROOT) / "batch-files" / name[-2:] / name


def sealed_name(file_id: UUID) -> str:
    """What the content is bound to."""
    return f"rewards.batchfile:{file_id}"


def cell_of(line: Line, column: int) -> str:
    """What stands in a column, or ""."""
    return line.cells[column].strip() if line.cells and column < len(line.cells) else ""


def _read(file: BatchFile, cursor: dict[str, int], beforehand: Beforehand | None) -> Lot:
    with open_sealed(path_of(file_id=file.pk), name=sealed_name(file.pk)) as kept:
        lines = list(
            islice(
                lines_of(kept, delimiter=file.delimiter, offset=cursor["offset"], line=cursor["line"]), LOT
            )
        )
    cells = [(each.line, cell_of(each, file.column)) for each in lines if each.line > file.headings]
    find = lookups()
    names = file.purpose != BatchFile.Purpose.CODES
    rows = [_named(line, cell, find) if names else Row(line, cell) for line, cell in cells]
    after = None
    if len(lines) == LOT:
        last = lines[-1]
        after = {
            "offset": last.offset + len(last.text.encode()),
            "line": last.line + last.text.count("\n"),
            "lot": cursor["lot"] + 1,
        }
    return Lot(rows, beforehand(len(rows)) if beforehand else None, after)


def _named(line: int, cell: str, find: Callable[[str, str, str], bytes]) -> Row:
    return Row(line, cell, "" if _UUID.fullmatch(cell) else find("customer_number", cell, "").hex())


class _Ahead:
    """One lot, made beforehand by a thread that ends with it."""

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None
        self._lot: tuple[tuple[UUID, int], Future[Lot]] | None = None

    def take(self, file: BatchFile, cursor: dict[str, int], beforehand: Beforehand | None) -> Lot:
        made, self._lot = self._lot, None
        if made is not None and made[0] == (file.pk, cursor["offset"]):
            return made[1].result()
        return _read(file, cursor, beforehand)

    def begin(self, file: BatchFile, cursor: dict[str, int], beforehand: Beforehand | None) -> None:
        # Made here and not when the module is read: a worker process forks before it has work.
        self._threads = self._threads or ThreadPoolExecutor(1, thread_name_prefix="list-ahead")
        self._lot = ((file.pk, cursor["offset"]), self._threads.submit(_read, file, cursor, beforehand))


_AHEAD = _Ahead()
