"""Tables as text, whatever program wrote them: their encoding, their delimiter, their records one by one.

Nothing here holds more of a file than one record.
"""

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from typing import IO, NamedTuple

DELIMITERS = (",", ";", "\t", "|")
MAX_RECORD = 65_536  # bytes; a row of sixty filled cells has a tenth of that
_PIECE = 1 << 18
# A named tuple without the function that takes its fields by name: of millions, that is felt.
_made = tuple.__new__
_QUOTED = re.compile(r'"[^"]*"')
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class TextUnreadable(ValueError):
    """Not text of an encoding that office programs write; `line` where it was noticed, or 0."""

    def __init__(self, line: int = 0) -> None:
        self.line = line
        super().__init__(line)


class RecordTooLong(ValueError):
    """A record of more than MAX_RECORD bytes; `line` is where it begins."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(line)


class QuoteOpen(ValueError):
    """A quote is never closed; `line` is where its record begins."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(line)


class Record(NamedTuple):
    """One record as it stands in the file, with its line breaks. `line` counts from 1, `offset` from 0."""

    offset: int
    line: int
    text: str


def decoded(raw: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with one, else GB18030: what Chinese office programs write.

    Raises TextUnreadable.
    """
    encodings = [encoding for mark, encoding in _MARKS if raw.startswith(mark)] or ["utf-8", "gb18030"]
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TextUnreadable


def delimiter_of(text: str) -> str:
    """The one that the first lines have most of outside of quotes; a title above the headings has none."""
    head = _QUOTED.sub("", "\n".join(text.splitlines()[:10])).splitlines()
    return max(DELIMITERS, key=lambda mark: max((line.count(mark) for line in head), default=0))


def encoding_of(file: IO[bytes]) -> str:
    """Which of `decoded`'s encodings a whole file has; it is left at its beginning. Raises TextUnreadable."""
    file.seek(0)
    head = file.read(4)
    encodings: Sequence[str] = [encoding for mark, encoding in _MARKS if head.startswith(mark)]
    unreadable = TextUnreadable()
    for encoding in encodings or ("utf-8", "gb18030"):
        try:
            for _piece in as_text(file, encoding=encoding):
                pass
            file.seek(0)
            return encoding
        except TextUnreadable as error:
            unreadable = error
    raise unreadable


def as_text(file: IO[bytes], *, encoding: str) -> Iterator[str]:
    """The file's text in pieces, with "\\n" at the end of lines. Raises TextUnreadable."""
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    lines, held = 1, ""
    while True:
        raw = file.read(_PIECE)
        try:
            text = held + decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            lines += error.object[: error.start].count(b"\n")
            raise TextUnreadable(lines) from error
        # A line end may be cut in two by the piece's end.
        held = "\r" if raw and text.endswith("\r") else ""
        text = text.removesuffix("\r") if held else text
        if "\x00" in text:
            raise TextUnreadable(lines + text[: text.index("\x00")].count("\n"))
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        lines += text.count("\n")
        if text:
            yield text
        if not raw:
            return


def records_of(file: IO[bytes], *, delimiter: str, offset: int = 0, line: int = 1) -> Iterator[Record]:
    """The records of a UTF-8 file from `offset`, where line `line` begins; blank ones are left out.

    A record goes on over line breaks within quotes. Raises RecordTooLong, QuoteOpen.
    """
    file.seek(offset)
    while raw := file.readline(MAX_RECORD + 1):
        start, first = offset, line
        offset, line = offset + len(raw), line + 1
        if raw.count(b'"') & 1 and len(raw) <= MAX_RECORD and _goes_on(raw, delimiter):
            pieces = [raw]
            size, odd = len(raw), True
            while odd and size <= MAX_RECORD:
                more = file.readline(MAX_RECORD + 1)
                if not more:
                    raise QuoteOpen(first)
                pieces.append(more)
                size, line, offset = size + len(more), line + 1, offset + len(more)
                odd ^= bool(more.count(b'"') & 1)
            if size > MAX_RECORD:
                raise QuoteOpen(first)
            raw = b"".join(pieces)
        elif len(raw) > MAX_RECORD:
            raise RecordTooLong(first)
        text = raw.decode()
        if not text.isspace():
            yield _made(Record, (start, first, text))


def _goes_on(raw: bytes, delimiter: str) -> bool:
    """Whether the line ends within quotes; one whose quotes make no sense, or stand within words, does not."""
    try:
        next(csv.reader([raw.decode()], delimiter=delimiter, strict=True), None)
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False
