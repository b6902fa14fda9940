"""Files of customers as bytes: whatever a program or somebody hostile writes is read or refused, never tripped over."""

import csv
import io
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.customers.bank_marketing import COLUMNS
from campaigns.customers.identity_rules import folded
from campaigns.customers.imports.mapping import BANK_MARKETING, Bad, Columns, Read, Reader, Vocabulary, guess
from campaigns.customers.imports.reading import Taken, cells_of, lines_of, take
from campaigns.customers.imports.refusals import OldWorkbook, WorkbookHostile, WorkbookUnreadable
from campaigns.customers.imports.values import identity_of
from campaigns.customers.refusals import FileEmpty, FileRefused, LineTooLong, NotText, QuoteOpen
from campaigns.lib.crypto import Unreadable
from campaigns.lib.sealed_files import SEGMENT, SealedWriter, open_sealed

WORDS = Vocabulary(branches={"NB": (4, 40)}, tags={"vip": 1}, attributes={"age": int})
FEW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def kept(raw: bytes, folder: Path) -> Taken:
    return take(BytesIO(raw), path=folder / "kept", name="n")


def read(folder: Path, taken: Taken) -> list[list[str] | None]:
    with open_sealed(folder / "kept", name="n") as file:
        return [each.cells for each in lines_of(file, delimiter=taken.delimiter, offset=0, line=1)]


ROWS = [["客户号", "备注"], ["C1", 'says "hi", and\nmore'], ["C2", "二"]]


def text_of(rows: list[list[str]], delimiter: str = ",") -> str:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter).writerows(rows)
    return written.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_whatever_program_wrote_it_the_rows_are_the_same(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    taken = kept(text_of(ROWS, delimiter).encode(encoding), tmp_path)
    assert read(tmp_path, taken) == ROWS and taken.rows == 3


def test_old_line_ends_and_blank_lines_are_read_alike(tmp_path: Path) -> None:
    for end in ("\n", "\r\n", "\r"):
        taken = kept(f"a,b{end}{end}1,2{end} {end}3,4".encode(), tmp_path)
        assert read(tmp_path, taken) == [["a", "b"], ["1", "2"], ["3", "4"]]


@pytest.mark.parametrize(
    ("raw", "refused"),
    [
        (b"", FileEmpty),
        (b"a,b\n", FileEmpty),
        (b"a,b\n1,\x00\n", NotText),
        (b"a,b\n\xff\xff\xff\n", NotText),
        (b'a,b\n1,"open\n2,3\n', QuoteOpen),
        (b"a,b\n" + b"x" * 70_000 + b"\n", LineTooLong),
        (b'a,b\n"' + b"x\n" * 70_000, QuoteOpen),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 64, OldWorkbook),
        (b"PK\x03\x04 not a zip", WorkbookUnreadable),
    ],
)
def test_a_file_that_is_none_is_refused_and_leaves_nothing_behind(
    tmp_path: Path, raw: bytes, refused: type[FileRefused]
) -> None:
    with pytest.raises(refused):
        kept(raw, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    for name, content in (
        ("xl/sharedStrings.xml", b"<a>" + b" " * (129 << 20)),
        ("xl/worksheets/sheet1.xml", b'<!DOCTYPE a [<!ENTITY b "b">]><a/>'),
        ("xl/worksheets/sheet1.xml", b"no xml at all"),
    ):
        raw = BytesIO()
        with ZipFile(raw, "w", ZIP_DEFLATED) as parts:
            parts.writestr(name, content)
        with pytest.raises(WorkbookHostile):
            kept(raw.getvalue(), tmp_path)


def test_a_kept_file_is_sealed_and_opens_from_anywhere_in_it(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    plain = bytes(range(256)) * (SEGMENT // 100)
    writer = SealedWriter(path, name="n")
    for start in range(0, len(plain), 1000):
        writer.write(plain[start : start + 1000])
    writer.close()
    assert plain[:64] not in path.read_bytes()
    with open_sealed(path, name="n") as file:
        assert file.read() == plain
        for offset in (SEGMENT * 2 - 3, 5, SEGMENT, len(plain) - 2):
            file.seek(offset)
            assert file.read(10) == plain[offset : offset + 10]
    with open_sealed(path, name="another") as file, pytest.raises(Unreadable):
        file.read(1)


@FEW
@given(st.binary(max_size=400))
def test_no_bytes_trip_the_reader(tmp_path: Path, raw: bytes) -> None:
    try:
        taken = kept(raw, tmp_path)
    except FileRefused:
        return
    rows = read(tmp_path, taken)
    assert len(rows) == taken.rows
    understood(taken, tmp_path)


@FEW
@given(st.text(st.sampled_from("a,\";\n\r\t|1 是é='\\"), max_size=200))
def test_no_text_trips_it_and_each_record_is_read_as_by_itself(tmp_path: Path, text: str) -> None:
    try:
        taken = kept(text.encode(), tmp_path)
    except FileRefused:
        return
    with open_sealed(tmp_path / "kept", name="n") as file:
        lines = list(lines_of(file, delimiter=taken.delimiter, offset=0, line=1))
        for nth, each in enumerate(lines):
            alone = cells_of(each.text, taken.delimiter)
            assert alone == (None if each.cells is None else [cell.strip() for cell in each.cells])
            again = next(iter(lines_of(file, delimiter=taken.delimiter, offset=each.offset, line=each.line)))
            assert again == lines[nth]
    understood(taken, tmp_path)


@FEW
@given(st.lists(st.lists(st.text(max_size=12), min_size=2, max_size=2), min_size=2, max_size=6))
def test_what_a_program_writes_comes_back(tmp_path: Path, rows: list[list[str]]) -> None:
    plain = [[" ".join(cell.split()).replace("\x00", "") or "x" for cell in row] for row in rows]
    plain = [[cell.encode("utf-8", "replace").decode() for cell in row] for row in plain]
    taken = kept(text_of(plain).encode("utf-8-sig"), tmp_path)
    if taken.delimiter == ",":
        assert read(tmp_path, taken) == plain


def understood(taken: Taken, folder: Path) -> None:
    """Every row is read as something or refused with a reason, by columns that were guessed and by ones that fit."""
    index, columns = guess(head=taken.head, vocabulary=WORDS)
    line, titles = taken.head[index]
    wide = len(titles)
    some = Columns(
        ("customer_number", "phone", "branch", "attribute:age", "tags", "tag:vip")[:wide], home="NB"
    )
    for each in (columns, some):
        reader = Reader(each, vocabulary=WORDS, source="s", headings=line, width=wide)
        with open_sealed(folder / "kept", name="n") as file:
            for row in lines_of(file, delimiter=taken.delimiter, offset=0, line=1):
                found = reader.read(row.line, row.cells)
                assert isinstance(found, Read | Bad)


def test_the_telephone_campaigns_file_is_known_by_its_headings(tmp_path: Path) -> None:
    assert guess(head=[(1, list(COLUMNS))], vocabulary=WORDS) == (0, BANK_MARKETING)


@given(
    kind=st.sampled_from(["customer_number", "phone", "unionid", "openid", "external_userid"]),
    cell=st.one_of(
        st.text(max_size=24),
        st.from_regex(r"[ +\-(]{0,3}(86|0086|\+86)?[ -]?1[3-9][0-9]{9} ?", fullmatch=True),
        st.from_regex(r"[０-９Ａ-ｚ0-9 ]{1,14}", fullmatch=True),
    ),
)
def test_what_a_cell_names_is_in_the_form_that_is_looked_for(kind: str, cell: str) -> None:
    try:
        value = identity_of(kind, cell)
    except ValueError:
        return
    assert folded(kind=kind, value=value) == value
