"""Lines of Chinese and Latin text as a page wants them. Pure."""

import re
import unicodedata
from collections.abc import Callable, Container

# What never begins a line, and what never ends one.
_CLOSES = "，。、；：？！）》」』】〕”’…—·,.;:?!)]}%"
_OPENS = "（《「『【〔“‘([{¥"
# A Latin word or number stays whole; of others each character is a place to break, blanks go with what precedes them.
_UNIT = re.compile(r"[0-9A-Za-zÀ-ɏ@#$&*+/\\_=<>'\"|~^`-]+ *|\s+|.", re.DOTALL)


def visible(text: str, glyphs: Container[int]) -> str:
    """The text with everything that would be a silent box, or no mark at all, said by its number: 〔U+1F600〕.

    What is invisible on purpose (controls, joiners, marks that turn the direction of writing) is said as well: a
    sheet hides nothing. Line ends stay.
    """
    return "".join(
        char if char == "\n" or (ord(char) in glyphs and not _is_hidden(char)) else f"〔U+{ord(char):04X}〕"
        for char in text.replace("\r\n", "\n").replace("\t", " ")
    )


def _is_hidden(char: str) -> bool:
    # Variation selectors are marks by category, and choose among pictures that the font does not have.
    return (
        unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        or "\ufe00" <= char <= "\ufe0f"
    )


def lines_of(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """The text in lines no wider than `width`, by `measure`; a paragraph without text is an empty line.

    Closing marks do not begin a line and opening ones do not end it, as far as a line has room to give.
    """
    return [line for paragraph in text.split("\n") for line in _paragraph(paragraph, width, measure)]


def _paragraph(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    lines: list[str] = []
    line = ""
    for unit in _units(text, width, measure):
        if line and measure((line + unit).rstrip()) > width:
            lines.append(line.rstrip())
            line = unit.lstrip()
        else:
            line += unit
    return [*lines, line.rstrip()]


def _units(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """What is not broken: characters with the marks that hang on them, words; letters of what is wider than a line."""
    units: list[str] = []
    for found in _UNIT.findall(text):
        parts = list(found) if measure(found) > width else [found]
        for part in parts:
            hangs = units and (part[0] in _CLOSES or units[-1].rstrip()[-1:] in tuple(_OPENS))
            if hangs and measure(units[-1] + part) <= width:
                units[-1] += part
            else:
                units.append(part)
    return units
