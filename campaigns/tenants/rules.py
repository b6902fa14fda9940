"""Rules of the tree: where a branch stands, and what a role may do. Pure."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Mapping, Sequence

from campaigns.lib.refusals import Refusal

# The whole line on which every branch has its interval [pos, pos_end]; fits PostgreSQL's integer.
FIRST_POS, LAST_POS = 1, 2_147_483_646
# A new child takes this part of its parent's free tail, so that many more may follow it.
_SHARE = 16


class NoRoomInTree(Refusal):
    code = "tenants.branch.no_room"
    status = 409
    zh = "机构“{name}”下的编号已用完，请先为机构树重新编号。"
    en = "There are no positions left under “{name}”: renumber the tree first."


def place_child(*, parent: tuple[int, int], taken_until: int) -> tuple[int, int] | None:
    """The interval of one more child under `parent` (its own pos and pos_end).

    `taken_until` is the end of the parent's last child, or the parent's own pos when it has none.
    Returns None when no position is left.
    """
    first = taken_until + 1
    free = parent[1] - first + 1
    if free < 1:
        return None
    return first, first + max(1, free // _SHARE) - 1


def place_tree(
    *, parents: Mapping[str, str | None], order: Sequence[str], room: tuple[int, int] = (FIRST_POS, LAST_POS)
) -> dict[str, tuple[int, int]]:
    """Place a whole tree at once: code -> (pos, pos_end).

    `parents` maps each code to its parent's (None for the roots); `order` lists parents before children.
    Room is dealt out by the size of each subtree, and half of every interval stays free for later children.
    Raises ValueError when a parent does not come before its child.
    """
    children: dict[str | None, list[str]] = {}
    size: dict[str, int] = {}
    for code in order:
        parent = parents[code]
        if parent is not None and parent not in size:
            raise ValueError(f"{code} comes before its parent {parent}")
        size[code] = 1
        children.setdefault(parent, []).append(code)
    for code in reversed(order):
        parent = parents[code]
        if parent is not None:
            size[parent] += size[code]

    placed: dict[str, tuple[int, int]] = {}

    def deal(codes: list[str], low: int, high: int) -> None:
        total = sum(size[c] for c in codes)
        share = max(1, (high - low + 1) // (2 * total))
        at = low
        for code in codes:
            placed[code] = (at, at + share * size[code] - 1)
            at += share * size[code]

    deal(children.get(None, []), room[0], room[1])
    if len(children.get(None, [])) == 1:
        placed[children[None][0]] = room
    for code in order:
        if code in children:
            low, high = placed[code]
            deal(children[code], low + 1, high)
    return placed


def may(verbs: Sequence[str] | frozenset[str], verb: str) -> bool:
    """Whether a role with `verbs` may do `verb` ("room.noun.verb").

    A role's entry may end in a star: "content.*" allows every verb of content.
    """
    if verb in verbs:
        return True
    parts = verb.split(".")
    return any(".".join([*parts[:n], "*"]) in verbs for n in range(1, len(parts))) or "*" in verbs


def shown_path(above: Sequence[str]) -> str:
    """A path as people read it ("浙江 › 杭州"), of names from head office down.

    Head office stands above everything: naming it says nothing, unless it is all there is.
    """
    return " › ".join(above[1:] or above)


def pinyin_of(name: str) -> str:
    """What people type for a Chinese name: whole syllables, then initials ("beijing bj")."""
    # Its dictionary takes as long to load as half of Django, in each process that starts; few ever ask it.
    from pypinyin import Style, lazy_pinyin

    whole = "".join(lazy_pinyin(name)).lower().replace(" ", "")
    initials = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower().replace(" ", "")
    return f"{whole} {initials}"


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


# A syllable of pinyin; a consonant before a vowel belongs to the next one.
_SYLLABLE = re.compile(r"(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?[aeiouv]+(?:(?:ng|n|r)(?![aeiouv]))?")


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
