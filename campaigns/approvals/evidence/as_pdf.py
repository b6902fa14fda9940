"""The sheet for people: A4, Chinese first, the same bytes for the same evidence."""

import io
from datetime import UTC, datetime
from functools import cache
from importlib.resources import as_file, files
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont
from PIL import Image, UnidentifiedImageError

from campaigns.approvals.evidence.as_json import CHECK, sheet_hash
from campaigns.approvals.evidence.tree import Decided, Evidence, Shown
from campaigns.approvals.evidence.typesetting import lines_of, visible

# Millimetres, and points of type.
_MARGIN, _LABEL, _LINE = 18, 34, 5.4
_TEXT, _SMALL, _HEAD, _TITLE = 10, 7.5, 12.5, 20
_PICTURE_HEIGHT = 60
_INK, _QUIET, _RULE = (27, 31, 39), (96, 104, 118), (205, 210, 218)
_FONT = "noto"


@cache
def _font_file() -> str:
    with as_file(files("pylopdf_fonts_zh_cn") / "NotoSansSC-Regular.otf") as path:
        return str(path)


@cache
def glyphs() -> frozenset[int]:
    """The code points that the sheet's font can draw."""
    font = _with_font(FPDF())
    try:
        return frozenset(font.cmap)
    finally:
        font.close()


def _with_font(sheet: FPDF) -> TTFFont:
    """The sheet's font, added to it; it reads its file as glyphs are needed, until it is closed."""
    sheet.add_font(_FONT, "", _font_file())
    font = sheet.fonts[_FONT]
    assert isinstance(font, TTFFont)
    return font


class Sheet(FPDF):
    """A4 with what the sheet needs; text passes through `put` alone, so that no character is a silent box."""

    def __init__(self, foot: str) -> None:
        super().__init__(format="A4")
        self.foot = foot
        self.set_margins(_MARGIN, _MARGIN, _MARGIN)
        self.c_margin = 0
        self.set_auto_page_break(True, margin=22)
        self.font = _with_font(self)
        self.glyphs = glyphs()
        self.set_font(_FONT, size=_TEXT)

    def footer(self) -> None:
        self.set_y(-16)
        self.set_font(_FONT, size=_SMALL)
        self.set_text_color(*_QUIET)
        for line in self.foot.split("\n"):
            self.cell(0, 3.6, visible(line, self.glyphs), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_y(-16)
        self.cell(0, 3.6, f"{self.page_no()} / {{nb}}", align="R")

    def put(
        self,
        text: str,
        *,
        size: float = _TEXT,
        colour: tuple[int, int, int] = _INK,
        indent: float = 0,
        label: str = "",
    ) -> None:
        """Text from `indent` on, with a quiet label at the margin beside its first line."""
        self.set_font(_FONT, size=size)
        height = _LINE * size / _TEXT
        labels = lines_of(visible(label, self.glyphs), indent - 2, self.get_string_width) if label else []
        words = lines_of(visible(text, self.glyphs), self.epw - indent, self.get_string_width)
        for nth in range(max(len(words), len(labels))):
            if self.will_page_break(height):
                self.add_page()
                self.set_font(_FONT, size=size)
            if nth < len(labels):
                self.set_text_color(*_QUIET)
                self.cell(indent, height, labels[nth])
            self.set_x(self.l_margin + indent)
            self.set_text_color(*colour)
            self.cell(0, height, words[nth] if nth < len(words) else "", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def head(self, text: str) -> None:
        """The heading of a part, never alone at the foot of a page."""
        if self.will_page_break(24):
            self.add_page()
        self.ln(4)
        self.put(text, size=_HEAD)
        self.set_draw_color(*_RULE)
        self.line(self.l_margin, self.get_y() + 0.6, self.l_margin + self.epw, self.get_y() + 0.6)
        self.ln(2)

    def row(self, label: str, text: str) -> None:
        self.put(text or "–", label=label, indent=_LABEL)
        self.ln(0.8)


def pdf_sheet(evidence: Evidence, *, zone: ZoneInfo) -> bytes:
    """The PDF; times are written as the clock in `zone` showed them, with its offset from UTC."""
    with override("zh-hans"):
        foot = f"{_both('Evidence sheet')} {evidence.number}\nSHA-256 {sheet_hash(evidence)}"
        sheet = Sheet(foot)
        sheet.set_title(f"{evidence.number} {visible(evidence.title, sheet.glyphs)}")
        sheet.set_lang("zh-CN")
        sheet.set_creation_date(evidence.submitted_at.astimezone(UTC))
        sheet.add_page()
        try:
            _write(sheet, evidence, zone)
            return bytes(sheet.output())
        finally:
            sheet.font.close()


def _both(msgid: str) -> str:
    """Chinese first, and English beside it."""
    return f"{_(msgid)} {msgid}"


def _write(sheet: Sheet, evidence: Evidence, zone: ZoneInfo) -> None:
    def when(moment: datetime) -> str:
        local = moment.astimezone(zone)
        return f"{local:%Y-%m-%d %H:%M:%S} (UTC{local:%z})"

    sheet.put(_("Evidence sheet"), size=_TITLE)
    sheet.put(f"Evidence of review · {evidence.number}", size=_TEXT, colour=_QUIET)
    sheet.ln(3)
    sheet.row(_("thing"), f"{evidence.kind_words}《{evidence.title}》")
    sheet.row(_("branch"), f"{evidence.branch} ({evidence.branch_code})")
    sheet.row(_("revision"), f"{evidence.revision} · {evidence.revision_id}")
    sheet.row(_("state"), evidence.state_words)
    sheet.row(_("maker"), f"{evidence.made_by} · {evidence.made_by_id}")
    if evidence.kept_by_id is not None:
        sheet.row(_("kept by"), str(evidence.kept_by_id))
    sheet.row(_("submitted at"), when(evidence.submitted_at))
    sheet.row("SHA-256", evidence.approved.sha256)
    sheet.row(
        _("check"),
        _("Computed again when this sheet was made: the content is as it was submitted.")
        if evidence.approved.is_whole
        else _("The content is NOT as it was submitted: its hash differs."),
    )

    sheet.head(_both(gettext_noop("What was submitted")))
    for fact in evidence.facts:
        sheet.row(fact.label, fact.value)
    for picture in evidence.pictures:
        _picture(sheet, picture)

    sheet.head(_both(gettext_noop("Steps and decisions")))
    for nth, stage in enumerate(evidence.stages, start=1):
        sheet.put(f"{nth}. {stage.title} · {stage.rule}" + (f" · {stage.policy}" if stage.policy else ""))
        for decided in stage.decisions:
            sheet.put(_decided(decided, when(decided.at)), indent=6)
        if not stage.decisions:
            sheet.put(_("Nobody has decided."), indent=6, colour=_QUIET)
        sheet.ln(1)

    sheet.head(_both(gettext_noop("Findings of the compliance checks")))
    for finding in evidence.findings:
        sheet.row(
            finding.check, " · ".join(each for each in (finding.words, finding.place, finding.how) if each)
        )
        if finding.acknowledged_by:
            at = when(finding.acknowledged_at) if finding.acknowledged_at else ""
            sheet.put(
                _("acknowledged by %(who)s") % {"who": finding.acknowledged_by} + f" {at}", indent=_LABEL
            )
    if not evidence.findings:
        sheet.put(_("None."), colour=_QUIET)

    sheet.head(_both(gettext_noop("When it came into which state")))
    for moved in evidence.moves:
        sheet.row(moved.words, when(moved.at))

    sheet.head(_both(gettext_noop("Files and their hashes")))
    for file in evidence.files:
        sheet.put(file.sha256, label=file.where, indent=62, size=_SMALL)
    if not evidence.files:
        sheet.put(_("None."), colour=_QUIET)

    sheet.head(_both(gettext_noop("Audit of the thing")))
    if evidence.deeds_left_out:
        sheet.put(_("The latest ones; older ones are in the audit."), colour=_QUIET, size=_SMALL)
    for deed in evidence.deeds:
        seal = _("seal %(n)s") % {"n": deed.seal} if deed.seal is not None else _("not sealed yet")
        sheet.put(f"{deed.words} · {seal}\n{deed.id}", label=when(deed.at), indent=62, size=_SMALL)
    for sealed in evidence.seals:
        label = _("seal %(n)s") % {"n": sealed.number} + f" · {when(sealed.until)}"
        sheet.put(sealed.sha256, label=label, indent=62, size=_SMALL)

    sheet.head(_both(gettext_noop("How to check")))
    sheet.put(
        _(
            "The JSON file of this sheet holds the exact text that was hashed. This program needs nothing of the"
            " bank's systems; the hash at the foot of each page is that of the sheet. Seals are checked at the bank"
            " with manage.py audit verify."
        )
    )
    sheet.ln(1)
    sheet.put(CHECK, size=_SMALL, indent=4)


def _decided(decided: Decided, at: str) -> str:
    """One decision, with its words and what identifies it below."""
    behalf = _("for %(who)s") % {"who": decided.on_behalf_of} if decided.on_behalf_of else ""
    said = [" · ".join(part for part in (decided.person, behalf, decided.words, at) if part)]
    if decided.comment:
        said.append(f"“{decided.comment}”")
    return "\n".join([*said, str(decided.person_id), f"SHA-256 {decided.sha256}"])


def _picture(sheet: Sheet, picture: Shown) -> None:
    try:
        with Image.open(io.BytesIO(picture.body)) as found:
            width, height = found.size
    except (UnidentifiedImageError, OSError):
        words = _("The file is gone, or no longer the one that was approved; it is not shown.")
        sheet.row(picture.label, f"{words}\n{picture.sha256}")
        return
    scale = min((sheet.epw - _LABEL) / width, _PICTURE_HEIGHT / height, 25.4 / 72)
    if sheet.will_page_break(height * scale + _LINE):
        sheet.add_page()
    top = sheet.get_y()
    sheet.image(io.BytesIO(picture.body), x=sheet.l_margin + _LABEL, y=top, w=width * scale, h=height * scale)
    sheet.put("", label=picture.label, indent=_LABEL)
    sheet.set_y(top + height * scale + 1)
    sheet.put(f"SHA-256 {picture.sha256}", indent=_LABEL, size=_SMALL, colour=_QUIET)
    sheet.ln(1)
