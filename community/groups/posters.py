"""A poster of an entry code, to be printed: A5 at 150 dots an inch, PNG."""

import io
from functools import cache
from importlib.resources import as_file, files

from PIL import Image, ImageDraw, ImageFont

from community.groups.qr import drawn

_WIDE, _HIGH = 874, 1240
_MARGIN = 64
_QR = 520
_INK, _QUIET, _PAPER, _BAND = (27, 31, 39), (96, 104, 118), (255, 255, 255), (11, 92, 171)


def poster_of(*, title: str, says: str, branch: str, address: str) -> bytes:
    """Title, invitation, QR of `address`, the branch's name."""
    sheet = Image.new("RGB", (_WIDE, _HIGH), _PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((0, 0, _WIDE, 24), fill=_BAND)
    y = _lines(pen, title, top=96, size=60, ink=_INK, most=2)
    y = _lines(pen, says, top=y + 16, size=32, ink=_QUIET, most=3)
    code = Image.open(io.BytesIO(drawn(address, scale=20))).convert("RGB")
    side = min(_QR, _HIGH - y - 260)
    sheet.paste(code.resize((side, side), Image.Resampling.NEAREST), ((_WIDE - side) // 2, y + 32))
    y = _lines(pen, "微信扫一扫，加入社群", top=y + side + 48, size=34, ink=_INK, most=1)
    _lines(pen, branch, top=max(y + 16, _HIGH - 104), size=32, ink=_QUIET, most=1)
    out = io.BytesIO()
    sheet.save(out, format="PNG", optimize=True, dpi=(150, 150))
    return out.getvalue()


def _lines(
    pen: ImageDraw.ImageDraw, text: str, *, top: int, size: int, ink: tuple[int, int, int], most: int
) -> int:
    """Draw the text in the middle, broken where it is too wide; where the next thing may begin."""
    font = _font(size)
    left = text
    rows: list[str] = []
    while left and len(rows) < most:
        many = len(left)
        while many > 1 and font.getlength(left[:many]) > _WIDE - 2 * _MARGIN:
            many -= 1
        rows.append(left[:many])
        left = left[many:]
    if left and rows:
        rows[-1] = rows[-1][:-1] + "…"
    for row in rows:
        pen.text(((_WIDE - font.getlength(row)) / 2, top), row, font=font, fill=ink)
        top += int(size * 1.35)
    return top


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    with as_file(files("pylopdf_fonts_zh_cn") / "NotoSansSC-Regular.otf") as path:
        return ImageFont.truetype(str(path), size)
