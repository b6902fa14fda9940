"""Lots: some thousand records that are read, judged and carried out together. Pure but for the file's bytes."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple
from uuid import UUID

import orjson
from django.conf import settings

from campaigns.customers.imports.mapping import Bad, Read, Reader
from campaigns.customers.imports.reading import Line, lines_of
from campaigns.customers.selectors import lookups

LOT = 5_000
NEW, CHANGED, SAME, REFUSED = b"ncsr"


class Lot(NamedTuple):
    """Records read and understood: what each says, and the keyed hashes of whom it names (empty for a bad one)."""

    number: int
    offset: int
    line: int
    reads: list[Read | Bad]
    lookups: list[tuple[bytes, ...]]


class Span(NamedTuple):
    """Where a lot lies in its file."""

    number: int
    offset: int
    line: int
    many: int


def path_of(file_id: UUID) -> Path:
    """Where the sealed content of a file lies: private, under MEDIA_ROOT."""
    name = str(file_id)
    return Path(settings.MEDIA_ROOT) / "customer-files" / name[-2:] / name


def sealed_name(file_id: UUID) -> str:
    """What the sealed content is bound to."""
    return f"customers.customerfile:{file_id}"


def lots_of(kept: IO[bytes], *, reader: Reader, delimiter: str, headings: int) -> Iterator[Lot]:
    """The records below the headings, in lots of LOT."""
    lines = (each for each in lines_of(kept, delimiter=delimiter, offset=0, line=1) if each.line > headings)
    number = 0
    while records := list(islice(lines, LOT)):
        yield _lot(number, records, reader)
        number += 1


def lots_again(kept: IO[bytes], *, reader: Reader, delimiter: str, spans: Sequence[Span]) -> Iterator[Lot]:
    """The lots of these spans, which follow one another."""
    if not spans:
        return
    lines = lines_of(kept, delimiter=delimiter, offset=spans[0].offset, line=spans[0].line)
    for span in spans:
        yield _lot(span.number, list(islice(lines, span.many)), reader)


def _lot(number: int, records: Sequence[Line], reader: Reader) -> Lot:
    reads = [reader.read(each.line, each.cells) for each in records]
    found = lookups()
    hashes = [
        ()
        if isinstance(read, Bad)
        else tuple([found(kind, value, app) for kind, app, value in read.known_by])
        for read in reads
    ]
    return Lot(number, records[0].offset, records[0].line, reads, hashes)


def packed_refusals(refused: Sequence[tuple[int, str, int | None]]) -> bytes:
    """(place in the lot, code, column) as kept with the lot. Nothing of what the cells held."""
    return orjson.dumps(sorted(refused)) if refused else b""


def refusals_of(packed: Any) -> dict[int, tuple[str, int | None]]:
    """Place -> (code, column) again."""
    packed = bytes(packed)
    return {place: (code, column) for place, code, column in orjson.loads(packed)} if packed else {}
