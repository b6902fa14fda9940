"""Names as people read and type them. Pure."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence

# A syllable of pinyin; a consonant before a vowel belongs to the next one.
_SYLLABLE = re.compile(r"(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?[aeiouv]+(?:(?:ng|n|r)(?![aeiouv]))?")


def shown_path(above: Sequence[str]) -> str:
    """A path as people read it ("浙江 › 杭州"), of names from head office down.

    Head office stands above everything: naming it says nothing, unless it is all there is.
    """
    return " › ".join(above[1:] or above)


def marks_of(name: str, pinyin: str, words: str) -> list[tuple[int, int]]:
    """Which parts of a name answer to what was typed: [start, end) each, in order, apart from one another.

    A word stands in the name itself, or its letters in the initials or the syllables of the name's pinyin.
    """
    folded = [folded_of(each) for each in name]
    plain = "".join(folded)
    # Some characters fold to several letters; from each of those back to the character it came from.
    at = [index for index, letters in enumerate(folded) for _letter in letters]
    marked: set[int] = set()
    for word in folded_of(words).split():
        if (first := plain.find(word)) >= 0:
            marked.update(at[first : first + len(word)])
        elif word.isascii() and word.isalpha():
            marked.update(_spelt(name, pinyin, word))
    found: list[tuple[int, int]] = []
    for index in sorted(marked):
        if found and found[-1][1] == index:
            found[-1] = (found[-1][0], index + 1)
        else:
            found.append((index, index + 1))
    return found


def folded_of(text: str) -> str:
    """Text as the search compares it: full width and half width, upper and lower case are the same."""
    return unicodedata.normalize("NFKC", text).lower()


def _spelt(name: str, pinyin: str, word: str) -> range:
    whole, _space, initials = pinyin.partition(" ")
    if len(initials) != len(name):
        return range(0)  # letters or digits among the characters: nobody knows which letter is whose
    if (first := initials.find(word)) >= 0:
        return range(first, first + len(word))
    syllables = list(_SYLLABLE.finditer(whole))
    if (first := whole.find(word)) < 0 or [s[0][0] for s in syllables] != list(initials):
        return range(0)
    starts = [s.start() for s in syllables]
    return range(bisect_right(starts, first) - 1, bisect_right(starts, first + len(word) - 1))
