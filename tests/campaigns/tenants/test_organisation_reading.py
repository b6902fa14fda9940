"""Organisation files as bytes: every encoding a bank's programs write, and workbooks from somebody hostile."""

from collections.abc import Callable
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from campaigns.lib.refusals import Refusal
from campaigns.tenants.organisation.columns import guess, key_of
from campaigns.tenants.organisation.reading import read_rows
from campaigns.tenants.organisation.refusals import (
    MAX_BYTES,
    FileEmpty,
    FileTooLarge,
    OldWorkbook,
    QuotesUnreadable,
    TextUnreadable,
    TooManyRows,
    WorkbookHostile,
    WorkbookUnreadable,
)
from tests.support.organisation import CAST, HEADINGS, csv_of, text_of, workbook_of

ROWS = [list(HEADINGS), *(list(row) for row in CAST)]


def cells(raw: bytes) -> list[list[str]]:
    return [(found + [""] * 4)[:4] for _line, found in read_rows(raw=raw)]


@pytest.mark.parametrize(
    "raw",
    [
        text_of(CAST).encode(),
        text_of(CAST).encode("utf-8-sig"),
        text_of(CAST).encode("gb18030"),
        text_of(CAST, delimiter=";").encode("gb18030"),
        text_of(CAST, delimiter="\t").encode("utf-16"),
        text_of(CAST).replace("\r\n", "\n").encode() + b"\n\n , ,\n",
        workbook_of(CAST),
    ],
    ids=["utf-8", "mark", "gb18030", "semicolon", "utf-16 tab", "blank lines", "xlsx"],
)  # fmt: skip
def test_whatever_program_wrote_it_the_rows_are_the_same(raw: bytes) -> None:
    assert cells(raw) == ROWS


def test_columns_are_found_by_chinese_and_english_headings_in_any_order() -> None:
    for headings, expected in (
        (["上级机构", "层 级", "机构名称", "机构号", "备注", "营业状态"],
         {"parent": 0, "level": 1, "name": 2, "code": 3, "state": 5}),
        (["Branch Code", "Branch_Name", "PARENT CODE", "Level", "Time Zone"],
         {"code": 0, "name": 1, "parent": 2, "level": 3, "zone": 4}),
        (["甲", "乙", "丙"], {}),
    ):  # fmt: skip
        assert guess(rows=[(1, headings), (2, ["x"])]) == (0, expected)
    assert guess(rows=[(1, ["某银行机构一览"]), (2, list(HEADINGS)), (3, ["x"])])[0] == 1
    assert key_of(headings=["机构 代码", "名称"]) == key_of(headings=["机构代码", " 名称 "])


def test_codes_keep_the_zeros_that_their_cells_show() -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["机构代码", "机构名称"])
    sheet.append([12, "甲"])
    sheet["A2"].number_format = "0000"
    sheet.append([1.0, "=1+1"])
    sheet.append([123456789012345678, "乙"])
    out = BytesIO()
    book.save(out)
    assert [row[:2] for row in cells(out.getvalue())[1:]] == [
        ["0012", "甲"],
        ["1", ""],
        ["1.234567890123457e+17", "乙"],
    ]


def repacked(change: Callable[[str, bytes], bytes], *more: tuple[str, bytes]) -> bytes:
    """The cast's workbook with its parts changed, and more parts."""
    out = BytesIO()
    with (
        ZipFile(BytesIO(workbook_of(CAST))) as whole,
        ZipFile(out, "w", ZIP_DEFLATED, compresslevel=1) as copy,
    ):
        for each in whole.infolist():
            copy.writestr(each.filename, change(each.filename, whole.read(each)))
        for name, content in more:
            copy.writestr(name, content)
    return out.getvalue()


def in_sheet(change: Callable[[bytes], bytes]) -> bytes:
    return repacked(lambda name, content: change(content) if name.endswith("sheet1.xml") else content)


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData/></worksheet>'
)


def lying(raw: bytes) -> bytes:
    """A zip whose directory says that a part unpacks to 10 bytes."""
    at = raw.rindex(b"PK\x01\x02")
    return raw[: at + 24] + (10).to_bytes(4, "little") + raw[at + 28 :]


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (b"x" * (MAX_BYTES + 1), FileTooLarge),
        (b"", FileEmpty),
        (csv_of([]), FileEmpty),
        (("机构代码,名\n" + "X,x\n" * 20_002).encode(), TooManyRows),
        (workbook_of([("X",)] * 20_002), TooManyRows),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, OldWorkbook),
        (b"\xff\xfe\x00\xd8x\x00", TextUnreadable),
        (b"\x81\x20,\xff\xff\n\x80\xff", TextUnreadable),
        ('机构代码,名\nX,"甲\nY,乙"丙\n'.encode(), QuotesUnreadable),
        (b"PK\x03\x04 and then nothing", WorkbookUnreadable),
        (workbook_of(CAST)[:-200], WorkbookUnreadable),
        (repacked(lambda _n, c: c, ("xl/media/bomb.bin", bytes(61 * 1024 * 1024))), WorkbookHostile),
        (repacked(lambda _n, c: c, *((f"xl/x{n}.bin", b"") for n in range(600))), WorkbookHostile),
        (in_sheet(lambda _c: LAUGHS), WorkbookHostile),
        (in_sheet(lambda _c: LAUGHS.decode().encode("utf-16")), WorkbookHostile),
        (in_sheet(lambda _c: LAUGHS.decode().encode("cp037")), WorkbookHostile),
        (in_sheet(lambda c: c.replace(b"</sheetData>", b"<row>" + b"<c/>" * 2_600_000 + b"</row></sheetData>")),
         WorkbookHostile),
        (lying(repacked(lambda _n, c: c, ("xl/z.bin", bytes(9_000_000)))), WorkbookUnreadable),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_taken_is_refused_in_words(raw: bytes, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        read_rows(raw=raw)


def test_a_sheet_that_lies_about_its_size_or_its_rows_costs_nothing() -> None:
    lies = in_sheet(lambda c: c.replace(b"<sheetData>", b'<dimension ref="A1:XFD1048576"/><sheetData>'))
    assert cells(lies) == ROWS
    far = in_sheet(
        lambda c: c.replace(
            b"</sheetData>",
            b'<row r="99999999999"><c r="A99999999999" t="inlineStr"><is><t>X</t></is></c></row></sheetData>',
        )
    )
    assert cells(far) == ROWS
    wide = in_sheet(
        lambda c: c.replace(b"</sheetData>", b'<row r="9"><c r="XFD9"><v>1</v></c></row></sheetData>')
    )
    assert cells(wide) == ROWS


def test_links_to_other_files_are_not_followed_and_names_of_parts_lead_nowhere() -> None:
    evil = repacked(
        lambda _n, c: c,
        ("xl/externalLinks/_rels/externalLink1.xml.rels",
         b'<Relationships><Relationship Id="r" TargetMode="External" Target="file:///etc/passwd"/></Relationships>'),
        ("../../../../escape.txt", b"x"),
    )  # fmt: skip
    assert cells(evil) == ROWS
