"""What differs between two texts, marked as people read it: sentence by sentence first, then within. Pure.

Leaving out what was added gives the old text, leaving out what was removed the new one, whatever the texts are.
"""

import difflib
import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a text: the same in both, or only in the old or the new one."""

    how: Literal["same", "removed", "added"]
    text: str


# A sentence keeps its end: of a line, or a full stop of either language with what closes after it.
_SENTENCE = re.compile(r"[^\n。！？；!?;]*(?:\n+|[。！？；!?;]+[”’』」）)\"']*\n*|$)")
# Comparing takes time by the pairs of equal parts: beyond this many the texts are shown as replaced, not compared.
_PAIRS = 200_000
# Sentences of which less than this is alike are two sentences, not one that was edited.
_ALIKE = 0.35


def pieces(old: str, new: str) -> tuple[Piece, ...]:
    """The new text with what was removed and added marked; within a sentence character by character, as Chinese
    needs it.
    """
    found: list[Piece] = []
    for how, was, becomes in _opcodes(_sentences(old), _sentences(new)):
        before, after = "".join(was), "".join(becomes)
        if how == "replace":
            found += _within(before, after)
        else:
            found += _replaced(before, after) if how != "equal" else [Piece("same", after)]
    return _joined(found)


def _sentences(text: str) -> list[str]:
    return [part for part in _SENTENCE.findall(text) if part]


def _within(old: str, new: str) -> list[Piece]:
    """Two stretches of text that stand for each other."""
    steps = _opcodes(old, new)
    same = sum(len(becomes) for how, _was, becomes in steps if how == "equal")
    if same < _ALIKE * min(len(old), len(new)):
        return _replaced(old, new)
    found: list[Piece] = []
    for how, was, becomes in steps:
        found += (
            [Piece("same", "".join(becomes))] if how == "equal" else _replaced("".join(was), "".join(becomes))
        )
    return found


def _replaced(old: str, new: str) -> list[Piece]:
    return [*([Piece("removed", old)] if old else []), *([Piece("added", new)] if new else [])]


def _opcodes(
    old: Sequence[Hashable], new: Sequence[Hashable]
) -> list[tuple[str, Sequence[str], Sequence[str]]]:
    """How one sequence becomes the other: (equal, replace, delete or insert; parts of the old; parts of the new)."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    found = [("equal", old[:start], new[:start])] if start else []
    counts = Counter(middle_new)
    if sum(counts[part] for part in middle_old) > _PAIRS:
        found.append(("replace", middle_old, middle_new))
    else:
        for how, a, b, c, d in difflib.SequenceMatcher(
            None, middle_old, middle_new, autojunk=False
        ).get_opcodes():
            found.append((how, middle_old[a:b], middle_new[c:d]))
    if end:
        found.append(("equal", old[len(old) - end :], new[len(new) - end :]))
    return found  # type: ignore[return-value]


def _joined(found: Sequence[Piece]) -> tuple[Piece, ...]:
    """Neighbours of one kind as one piece; between two that are the same, what was removed comes first."""
    joined: list[Piece] = []
    removed, added = "", ""
    for piece in [*found, Piece("same", "")]:
        if piece.how == "removed":
            removed += piece.text
        elif piece.how == "added":
            added += piece.text
        else:
            joined += _replaced(removed, added)
            removed, added = "", ""
            if piece.text and joined and joined[-1].how == "same":
                joined[-1] = Piece("same", joined[-1].text + piece.text)
            elif piece.text:
                joined.append(piece)
    return tuple(joined)
