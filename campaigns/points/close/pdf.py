"""A close of the ledger as a PDF: A4, with the evidence sheet's font."""

from datetime import UTC
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from campaigns.approvals.evidence.as_pdf import Sheet
from campaigns.points.close.showing import Shown
from campaigns.points.models import LedgerClose

_RED, _GREEN = (176, 32, 32), (20, 110, 60)
_INDENT = 70


def pdf_of(close: LedgerClose, shown: Shown, *, zone: ZoneInfo) -> bytes:
    """The PDF, the same bytes for the same run; times by the clock in `zone`."""
    local = close.closed_at.astimezone(zone)
    name = f"{_('Close of the points ledger')} {close.branch.code} {close.period} {close.day} · {close.nth}"
    sheet = Sheet(f"{name}\n{close.pk}")
    sheet.set_title(f"{close.branch.code} {close.period} {close.day} {close.nth}")
    sheet.set_lang("zh-CN")
    sheet.set_creation_date(close.closed_at.astimezone(UTC))
    sheet.add_page()
    try:
        sheet.put(_("Close of the points ledger"), size=20)
        sheet.row(_("branch"), f"{close.branch.name} ({close.branch.code})")
        sheet.row(_("kind of close"), str(close.get_period_display()))
        sheet.row(_("begins on"), close.day.isoformat())
        sheet.row(_("which run"), str(close.nth))
        sheet.row(_("day closed at"), f"{local:%Y-%m-%d %H:%M:%S} (UTC{local:%z})")
        sheet.row(_("closed by"), close.closed_by or _("by itself"))
        sheet.put(
            _("Agrees") if close.is_green else _("Does not agree"), colour=_GREEN if close.is_green else _RED
        )
        for wrong in shown.wrong:
            sheet.head(f"{wrong.words} · {wrong.many}")
            for row in wrong.rows:
                sheet.put("; ".join(f"{cell.label} {cell.text}" for cell in row), colour=_RED)
        for book in (shown.whole, *shown.books):
            sheet.head(f"{_('Liability')} · {book.branch}")
            for line in book.lines:
                sheet.put(f"{line.points:,}", label=line.words, indent=_INDENT)
        sheet.put(f"{shown.owed:,}", label=_("owed by customers"), indent=_INDENT)
        sheet.head(_("Checks that held"))
        for words in shown.checks:
            sheet.put(words)
        return bytes(sheet.output())
    finally:
        sheet.font.close()
