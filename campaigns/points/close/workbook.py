"""A close of the ledger as a workbook: points as numbers, sums as they stand on the page."""

import io
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Font

from campaigns.lib.csv_files import harmless
from campaigns.points.close.showing import Shown
from campaigns.points.models import LedgerClose


def workbook_of(close: LedgerClose, shown: Shown, *, zone: ZoneInfo) -> bytes:
    """The .xlsx file: the result with its differences, and the liability by issuer. Times by the clock in `zone`."""
    book = Workbook()
    book.remove(book.worksheets[0])
    rows: list[list[object]] = [
        [_("kind of close"), close.get_period_display()],
        [_("begins on"), close.day.isoformat()],
        [_("which run"), close.nth],
        [_("day closed at"), f"{close.closed_at.astimezone(zone):%Y-%m-%d %H:%M:%S}"],
        [_("closed by"), close.closed_by or _("by itself")],
        [_("result of the close"), _("Agrees") if close.is_green else _("Does not agree")],
        [_("owed by customers"), shown.owed],
    ]
    for wrong in shown.wrong:
        words = f"{wrong.words} ({wrong.many})"
        rows += [[words, *(f"{cell.label} {cell.text}" for cell in row)] for row in wrong.rows]
    rows += [[words, _("Agrees")] for words in shown.checks]
    _sheet(book, _("Result"), [_("Close of the points ledger"), close.branch.name], rows)
    _sheet(
        book,
        _("Liability"),
        [_("line of the book"), _("issued by"), _("movements"), _("points")],
        [
            [line.words, each.branch, line.many, line.points]
            for each in (shown.whole, *shown.books)
            for line in each.lines
        ],
    )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(book: Workbook, title: str, headings: list[str], rows: list[list[object]]) -> None:
    sheet = book.create_sheet(title)
    sheet.append(headings)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for number, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            cell.value = harmless(value) if isinstance(value, str) else value
            if isinstance(value, int):
                cell.number_format = "#,##0;[Red]-#,##0"
    sheet.column_dimensions["A"].width = 44
    for letter in "BCDEFG":
        sheet.column_dimensions[letter].width = 22
