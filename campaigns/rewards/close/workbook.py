"""A close as a workbook: money in yuan as numbers, sums as they stand on the page."""

import io
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Font

from campaigns.lib.csv_files import harmless
from campaigns.rewards.close.showing import Shown, ShownPeriod
from campaigns.rewards.models import Close
from campaigns.rewards.selectors.periods import Period

_YUAN = "¥#,##0.00;[Red]-¥#,##0.00"


def workbook_of(close: Close, shown: Shown, *, zone: ZoneInfo) -> bytes:
    """The .xlsx file: result, coupon book, settlement, who owes whom. Times by the clock in `zone`."""
    book = Workbook()
    book.remove(book.worksheets[0])
    closed = f"{close.closed_at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    rows: list[list[object]] = [
        [_("day"), close.day.isoformat()],
        [_("run of the day"), close.nth],
        [_("day closed at"), closed],
        [_("closed by"), close.closed_by or _("by itself")],
        [_("result of the close"), _("Agrees") if close.is_green else _("Does not agree")],
    ]
    for wrong in shown.wrong:
        words = f"{wrong.words} ({wrong.many})"
        rows += [[words, *(f"{cell.label} {cell.text}" for cell in row)] for row in wrong.rows]
    rows += [[each.words, each.before, each.after] for each in shown.changed]
    _sheet(book, _("Result"), [_("End-of-day close"), close.branch.name], rows)
    return _with_figures(book, shown)


def period_workbook_of(period: Period, shown: ShownPeriod, *, at: datetime) -> bytes:
    """The .xlsx file of a period: days that are not as they should be, coupon book, settlement, who owes whom."""
    book = Workbook()
    book.remove(book.worksheets[0])
    rows: list[list[object]] = [
        [_("from – to"), f"{period.first} – {period.last}"],
        [_("as of"), f"{at:%Y-%m-%d %H:%M:%S}"],
        [_("days closed"), period.closed],
        [_("days without any movement"), period.quiet],
        [_("result of the close"), _("Agrees") if period.is_green else _("Does not agree")],
    ]
    for day in shown.days:
        rows.append([day.day.isoformat(), day.words])
        rows += [[each.words, each.before, each.after] for each in day.changed]
    _sheet(book, _("Result"), [_("Settlement of a period"), period.branch.name], rows)
    return _with_figures(book, shown)


def _with_figures(book: Workbook, shown: Shown) -> bytes:
    _sheet(
        book,
        _("Coupon book"),
        [_("line of the book"), _("sign"), _("number of coupons"), _("amount (yuan)")],
        [[line.words, line.sign, line.many, _Yuan(line.fen)] for line in shown.book],
    )
    _sheet(
        book,
        _("Settlement"),
        [
            _("issuer"),
            _("redeemed at branch"),
            _("merchant"),
            _("paid by"),
            _("coupons redeemed"),
            _("reversed"),
            _("amount (yuan)"),
        ],
        [
            *(
                [
                    each.issuer,
                    each.place,
                    each.merchant,
                    each.payer,
                    each.redeemed,
                    each.reversed,
                    _Yuan(each.fen),
                ]
                for each in shown.parts
            ),
            [_("in all"), "", "", "", "", "", _Yuan(shown.parts_fen)],
        ],
    )
    _sheet(
        book,
        _("By merchant"),
        [
            _("merchant"),
            _("taken in (yuan)"),
            _("head office pays (yuan)"),
            _("branch pays (yuan)"),
            _("merchant pays (yuan)"),
            _("is owed (yuan)"),
        ],
        [
            [
                each.merchant,
                *(
                    _Yuan(fen)
                    for fen in (
                        each.taken.fen,
                        each.taken.head_office,
                        each.taken.branch,
                        each.taken.own,
                        each.taken.owed,
                    )
                ),
            ]
            for each in shown.tills
        ],
    )
    _sheet(
        book,
        _("Who owes whom"),
        [_("owes"), _("is owed"), _("amount (yuan)"), ""],
        [
            [each.debtor, each.creditor, _Yuan(each.fen), _("own account") if each.is_own else ""]
            for each in shown.debts
        ],
    )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


class _Yuan(int):
    """Fen that the sheet shows as yuan."""


def _sheet(book: Workbook, title: str, headings: list[str], rows: list[list[object]]) -> None:
    sheet = book.create_sheet(title)
    sheet.append(headings)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for number, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            if isinstance(value, _Yuan):
                # Whole fen divided once: a spreadsheet has no other numbers than these.
                cell.value, cell.number_format = value / 100, _YUAN
            else:
                cell.value = harmless(value) if isinstance(value, str) else value
    sheet.column_dimensions["A"].width = 44
    for letter in "BCDEFG":
        sheet.column_dimensions[letter].width = 22
