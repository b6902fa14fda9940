"""Files of events, row by row: NDJSON (an object a line, as a hook tells it) and CSV.

A CSV file has the columns id, kind, at, one or more of customer_number, unionid and openid (with app), subject, and
`p.<name>` for properties; an empty cell says nothing. Memory does not grow with the file.
"""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import orjson

from campaigns.events.refusals import DropUnreadable
from campaigns.events.registry import Kind

MAX_LINE = 65_536  # bytes
ENDINGS = (".ndjson", ".csv")

_PLAIN = frozenset({"id", "kind", "at", "customer_number", "unionid", "openid", "app", "subject"})
_PROPERTY = "p."


def fingerprint_of(path: Path, source: str) -> bytes:
    """A hash of what is in the file, and of who tells it. Raises DropUnreadable."""
    try:
        with path.open("rb") as file:
            found = hashlib.sha256(f"{source}\x00".encode())
            while block := file.read(1 << 20):
                found.update(block)
    except OSError as error:
        raise DropUnreadable(path=path.name, reason=error.strerror) from error
    return found.digest()


def rows_of(path: Path, kinds: Mapping[str, Kind]) -> Iterator[Any]:
    """The events of a file, in order; what is no object is yielded as it stands, to be refused in its place.

    Raises DropUnreadable for another kind of file, a header that is none of ours, and a CSV that is none.
    """
    if path.suffix not in ENDINGS:
        raise DropUnreadable(path=path.name, reason=" | ".join(ENDINGS))
    try:
        with path.open("rb") as file:
            lines = _lines(file)
            yield from _objects(lines) if path.suffix == ".ndjson" else _csv_rows(path, lines, kinds)
    except OSError as error:
        raise DropUnreadable(path=path.name, reason=error.strerror) from error


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines, with their ends; one that is too long comes cut off, and its rest not at all."""
    while line := file.readline(MAX_LINE):
        yield line
        while not line.endswith(b"\n") and len(line) == MAX_LINE:
            line = file.readline(MAX_LINE)
            if not line:
                return


def _objects(lines: Iterator[bytes]) -> Iterator[Any]:
    for line in lines:
        if not line.strip():
            continue
        try:
            yield orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
        except orjson.JSONDecodeError:
            yield None


def _csv_rows(path: Path, lines: Iterator[bytes], kinds: Mapping[str, Kind]) -> Iterator[Any]:
    # What is not UTF-8 becomes a mark that no pattern takes.
    rows = csv.reader(line.decode("utf-8", "replace") for line in lines)
    try:
        head = [name.strip().removeprefix("\ufeff") for name in next(rows, [])]
        unknown = [name for name in head if name not in _PLAIN and not name.startswith(_PROPERTY)]
        if not {"id", "kind", "at"} <= set(head) or unknown or len(set(head)) != len(head):
            raise DropUnreadable(path=path.name, reason=f"id,kind,at,customer_number,subject,p.… ({unknown})")
        for cells in rows:
            if cells:
                yield _event(head, cells, kinds)
    except csv.Error as error:
        raise DropUnreadable(path=path.name, reason=str(error)) from error


def _event(head: list[str], cells: list[str], kinds: Mapping[str, Kind]) -> dict[str, Any] | None:
    """One row as a hook would tell it; None when its cells do not fit the header."""
    if len(cells) != len(head):
        return None
    event: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    for name, cell in zip(head, cells, strict=True):
        if cell and name in _PLAIN:
            event[name] = cell
        elif cell:
            properties[name.removeprefix(_PROPERTY)] = cell
    kind = kinds.get(event.get("kind", ""))
    if properties:
        event["properties"] = {name: _value(kind, name, text) for name, text in properties.items()}
    return event


def _value(kind: Kind | None, name: str, text: str) -> Any:
    """The text as the property's own type; what is not of it stays text, and is refused as such."""
    known = kind.properties.get(name) if kind else None
    value = known.read(text) if known else None
    return text if value is None else value
