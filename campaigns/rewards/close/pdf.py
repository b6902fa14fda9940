"""A close as a PDF: A4, with the evidence sheet's font."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from campaigns.approvals.evidence.as_pdf import Sheet
from campaigns.lib.money import yuan
from campaigns.rewards.close.showing import Shown, ShownPeriod
from campaigns.rewards.models import Close
from campaigns.rewards.selectors.periods import Period

_RED, _GREEN = (176, 32, 32), (20, 110, 60)
_INDENT = 70


def pdf_of(close: Close, shown: Shown, *, zone: ZoneInfo) -> bytes:
    """The PDF, the same bytes for the same run; times by the clock in `zone`."""
    local = close.closed_at.astimezone(zone)
    sheet = Sheet(f"{_('End-of-day close')} {close.branch.code} {close.day} · {close.nth}\n{close.pk}")
    sheet.set_title(f"{close.branch.code} {close.day} {close.nth}")
    sheet.set_lang("zh-CN")
    sheet.set_creation_date(close.closed_at.astimezone(UTC))
    sheet.add_page()
    try:
        sheet.put(_("End-of-day close"), size=20)
        sheet.row(_("branch"), f"{close.branch.name} ({close.branch.code})")
        sheet.row(_("day"), close.day.isoformat())
        sheet.row(_("run of the day"), str(close.nth))
        sheet.row(_("day closed at"), f"{local:%Y-%m-%d %H:%M:%S} (UTC{local:%z})")
        sheet.row(_("closed by"), close.closed_by or _("by itself"))
        sheet.put(
            _("Agrees") if close.is_green else _("Does not agree"), colour=_GREEN if close.is_green else _RED
        )
        if shown.changed:
            sheet.head(_("Changed since the run before"))
            for each in shown.changed:
                sheet.put(f"{each.before} → {each.after}", label=each.words, indent=_INDENT)
        for wrong in shown.wrong:
            sheet.head(f"{wrong.words} · {wrong.many}")
            for row in wrong.rows:
                sheet.put("; ".join(f"{cell.label} {cell.text}" for cell in row), colour=_RED)
        _figures(sheet, shown)
        return bytes(sheet.output())
    finally:
        sheet.font.close()


def period_pdf_of(period: Period, shown: ShownPeriod, *, at: datetime) -> bytes:
    """The PDF of a period; `at`: when it was asked, in the branch's zone."""
    span = f"{period.first} – {period.last}"
    sheet = Sheet(f"{_('Settlement of a period')} {period.branch.code} {span}")
    sheet.set_title(f"{period.branch.code} {period.first} {period.last}")
    sheet.set_lang("zh-CN")
    sheet.set_creation_date(at.astimezone(UTC))
    sheet.add_page()
    try:
        sheet.put(_("Settlement of a period"), size=20)
        sheet.row(_("branch"), f"{period.branch.name} ({period.branch.code})")
        sheet.row(_("from – to"), span)
        sheet.row(_("as of"), f"{at:%Y-%m-%d %H:%M:%S} (UTC{at:%z})")
        sheet.row(_("days closed"), str(period.closed))
        sheet.row(_("days without any movement"), str(period.quiet))
        sheet.put(
            _("Agrees") if period.is_green else _("Does not agree"),
            colour=_GREEN if period.is_green else _RED,
        )
        if shown.days:
            sheet.head(_("Days to look at first"))
        for day in shown.days:
            sheet.put(f"{day.day} · {day.words}", colour=_RED)
            for each in day.changed:
                sheet.put(f"{each.before} → {each.after}", label=each.words, indent=_INDENT)
        _figures(sheet, shown)
        return bytes(sheet.output())
    finally:
        sheet.font.close()


def _figures(sheet: Sheet, shown: Shown) -> None:
    """Coupon book, settlement, who owes whom."""
    sheet.head(_("Coupon book"))
    for line in shown.book:
        sheet.put(f"{line.sign} {line.many:,} · {yuan(line.fen)}", label=line.words, indent=_INDENT)
    sheet.head(_("Settlement"))
    for part in shown.parts:
        sheet.put(
            f"{part.payer} · {part.redeemed:,} − {part.reversed:,} · {yuan(part.fen)}",
            label=f"{part.issuer} → {part.place}" + (f" · {part.merchant}" if part.merchant else ""),
            indent=_INDENT,
        )
    sheet.put(yuan(shown.parts_fen), label=_("in all"), indent=_INDENT)
    if shown.tills:
        sheet.head(_("By merchant"))
    for till in shown.tills:
        sheet.put(
            f"{yuan(till.taken.fen)} · {_('head office pays (yuan)')} {yuan(till.taken.head_office)} ·"
            f" {_('branch pays (yuan)')} {yuan(till.taken.branch)} · {_('merchant pays (yuan)')}"
            f" {yuan(till.taken.own)} · {_('is owed (yuan)')} {yuan(till.taken.owed)}",
            label=till.merchant,
            indent=_INDENT,
        )
    sheet.head(_("Who owes whom"))
    for debt in shown.debts:
        own = f" · {_('own account')}" if debt.is_own else ""
        sheet.put(f"{yuan(debt.fen)}{own}", label=f"{debt.debtor} → {debt.creditor}", indent=_INDENT)
