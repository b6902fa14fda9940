"""What is allowed of customers; pure functions."""

import re
from collections.abc import Mapping

# A customer's status and where it may go. Erased is the end: the key is gone and nothing can be read any more.
MOVES: Mapping[str, frozenset[str]] = {
    "active": frozenset({"blocked", "merged", "erased"}),
    "blocked": frozenset({"active", "merged", "erased"}),
    # Back by un-merging; erased along with whom it became.
    "merged": frozenset({"active", "blocked", "erased"}),
    "erased": frozenset(),
}

TAIL = 4  # characters of a customer number that every screen may show


def tail_of(number: str) -> str:
    """The part of a customer number that may be shown; nothing of one too short to hide anything."""
    return number[-TAIL:] if len(number) >= 2 * TAIL else ""


def masked_number(tail: str) -> str:
    """A customer number as screens and the API show it: `masked_number("4321") == "****4321"`."""
    return f"****{tail}"


def masked(value: str) -> str:
    """Any identity as screens show it: at most the first and the last three characters of a long one."""
    if len(value) < 10:
        return "*" * len(value)
    return f"{value[:3]}{'*' * min(len(value) - 6, 6)}{value[-3:]}"


# Telephone, identity card and card numbers, however they are grouped, in any digits: eleven of them and more.
_LONG_NUMBER = re.compile(r"(?:\d[ \u00a0\-\u2010-\u2015]?){10,}\d[XxＸｘ]?")


def reason_kept(text: str, *, most: int = 200) -> str:
    """What staff typed as a reason, as it is kept and shown: a number that may be somebody's ends in its last four.

    `reason_kept(" 来电 138 0013 8000 核对 ") == "来电 ****8000 核对"`. At most `most` characters.
    """
    return _LONG_NUMBER.sub(_tail_alone, text.strip())[:most]


def _tail_alone(found: re.Match[str]) -> str:
    return masked_number("".join(each for each in found[0] if each.isalnum())[-TAIL:])
