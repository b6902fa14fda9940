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
from campaigns.customers.selectors import lookups_of_folded

LOT = 5_000
NEW, CHANGED, SAME, REFUSED = b"ncsr"
MARK = "\x1f"  # stands in no JSON


class Lot(NamedTuple):
    """Records read and understood: what each says, and the keyed hashes of whom it names (empty for a bad one).

    `cared`: the places that name a relationship manager; most files have no such column.
    """

    number: int
    offset: int
    line: int
    reads: list[Read | Bad]
    lookups: list[tuple[bytes, ...]]
    asked: "Asked"
    cared: tuple[int, ...] = ()


class Asked(NamedTuple):
    """The readable rows as one question to the database takes them: each field is one text.

    `names`: as many rows as there are names: `of` the place, the kind, the hash; `said`: a row for each place.
    """

    places: list[int]
    of: str
    kinds: str
    hashes: str
    said_at: str
    said_attributes: str
    said_tags: str


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
    found = lookups_of_folded()  # what a cell named was brought into its one form when it was read
    hashes = [
        ()
        if isinstance(read, Bad)
        else tuple([found(kind, value, app) for kind, app, value in read.known_by])
        for read in reads
    ]
    lot = Lot(number, records[0].offset, records[0].line, reads, hashes, _asked(reads, hashes))
    return lot._replace(cared=cared_places(reads)) if reader.names_managers else lot


def _asked(reads: Sequence[Read | Bad], hashes: Sequence[tuple[bytes, ...]]) -> Asked:
    places = [place for place, names in enumerate(hashes) if names]
    of: list[int] = []
    kinds: list[str] = []
    lookups: list[bytes] = []
    attributes: list[bytes] = []
    tags: list[tuple[int, ...]] = []
    for place in places:
        read, names = reads[place], hashes[place]
        assert isinstance(read, Read)
        of += [place] * len(names)
        kinds += [kind for kind, _app, _value in read.known_by]
        lookups += names
        attributes.append(orjson.dumps(read.attributes))
        tags.append(read.tags)
    # The same few sets of tags stand in most rows.
    arrays = {each: f"{{{','.join(map(str, each))}}}" for each in set(tags)}
    return Asked(
        places,
        ",".join(map(str, of)),
        ",".join(kinds),
        b"".join(lookups).hex(",", 32),
        ",".join(map(str, places)),
        MARK.encode().join(attributes).decode(),
        MARK.join([arrays[each] for each in tags]),
    )


def cared_places(reads: Sequence[Read | Bad]) -> tuple[int, ...]:
    """The rows that name a relationship manager."""
    return tuple(
        place for place, read in enumerate(reads) if isinstance(read, Read) and read.cared_by is not None
    )


def packed_refusals(refused: Sequence[tuple[int, str, int | None]]) -> bytes:
    """(place in the lot, code, column) as kept with the lot. Nothing of what the cells held."""
    return orjson.dumps(sorted(refused)) if refused else b""


def refusals_of(packed: Any) -> dict[int, tuple[str, int | None]]:
    """Place -> (code, column) again."""
    packed = bytes(packed)
    return {place: (code, column) for place, code, column in orjson.loads(packed)} if packed else {}
