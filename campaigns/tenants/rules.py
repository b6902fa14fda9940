"""Rules of the tree: where a branch stands, and what a role may do. Pure."""

from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from types import ModuleType
from typing import NamedTuple, TypeVar

from campaigns.lib.refusals import Refusal

# The whole line on which every branch has its interval [pos, pos_end]; fits PostgreSQL's integer.
FIRST_POS, LAST_POS = 1, 2_147_483_646
# A new child takes this part of its parent's free tail, so that many more may follow it.
_SHARE = 16

Key = TypeVar("Key", bound=Hashable)


class NoRoomInTree(Refusal):
    code = "tenants.branch.no_room"
    status = 409
    zh = "机构“{name}”下的编号已用完，请先为机构树重新编号。"
    en = "There are no positions left under “{name}”: renumber the tree first."


class Node(NamedTuple):
    """Where a branch stands today. `filled_until`: places up to here were given to children once, and are not
    given to others again while a scope that was opened before may still read them.
    """

    parent: int | None
    pos: int
    pos_end: int
    filled_until: int = 0


class Settled(NamedTuple):
    """`places`: new (pos, pos_end) of every branch whose place changes. `dealt_again`: branches below which places
    were dealt out anew, so that some branches now stand where others stood.
    """

    places: dict[int, tuple[int, int]]
    dealt_again: frozenset[int]


def place_tree(
    *, parents: Mapping[Key, Key | None], order: Sequence[Key], room: tuple[int, int] = (FIRST_POS, LAST_POS)
) -> dict[Key, tuple[int, int]]:
    """Place a whole tree at once: code -> (pos, pos_end).

    `parents` maps each code to its parent's (None for the roots); `order` lists parents before children.
    Room is dealt out by the size of each subtree, and half of every interval stays free for later children.
    Raises ValueError when a parent does not come before its child.
    """
    children: dict[Key | None, list[Key]] = {}
    size: dict[Key, int] = {}
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

    placed: dict[Key, tuple[int, int]] = {}

    def deal(codes: list[Key], low: int, high: int) -> None:
        total = sum(size[c] for c in codes)
        share = max(1, (high - low + 1) // (2 * total))
        at = low
        for code in codes:
            placed[code] = (at, at + share * size[code] - 1)
            at += share * size[code]

    roots = children.get(None, [])
    if len(roots) == 1:
        placed[roots[0]] = room
    else:
        deal(roots, *room)
    for code in order:
        if code in children:
            low, high = placed[code]
            deal(children[code], low + 1, high)
    return placed


def settle(*, tree: Mapping[int, Node], parents: Mapping[int, int | None], again: bool = False) -> Settled:
    """New places for a tree that is to have other parents, or more branches, touching as few as it can.

    `tree` is today's; `parents` maps every branch of the wanted tree, also new ones, to its parent, in the order in
    which new children of one parent shall stand. Branches that `parents` leaves out are gone. New children go
    behind the places that their parent has given out before. Where there is no room, the smallest branch around
    it that is at most a quarter full deals its places out again; with `again` the root does so in any case.
    Raises ValueError for a circle or an unknown parent, and NoRoomInTree when the whole line is full.
    """
    below: dict[int | None, list[int]] = {}
    for key, parent in parents.items():
        below.setdefault(parent, []).append(key)
    order = _top_down(below)
    if len(order) != len(parents):
        raise ValueError("the wanted tree has a circle, or a parent that is not in it")
    size = dict.fromkeys(order, 1)
    for key in reversed(order):
        if (above := parents[key]) is not None:
            size[above] += size[key]

    places: dict[int, tuple[int, int]] = {}
    dealt_again: set[int] = set()

    def deal(keys: list[int], low: int, high: int) -> None:
        """Give new places to these siblings and everything below them, in [low, high]."""
        share = max(1, (high - low + 1) // max(_SHARE, 2 * sum(size[k] for k in keys)))
        for key in keys:
            room = (low, low + share * size[key] - 1)
            inside = _top_down({**below, None: [key]})
            places.update(
                place_tree(
                    parents={k: None if k == key else parents[k] for k in inside}, order=inside, room=room
                )
            )
            low = room[1] + 1

    def fit(key: int) -> bool:
        """Whether everything below `key`, which keeps its place, has found one."""
        node = tree[key]
        children = below.get(key, [])
        stay = [k for k in children if k in tree and tree[k].parent == key]
        come = [k for k in children if k not in tree or tree[k].parent != key]
        low = max([node.pos, node.filled_until, *(tree[k].pos_end for k in stay)]) + 1
        wide_enough = node.pos_end - low + 1 >= sum(size[k] for k in come)
        if wide_enough and not (again and parents[key] is None):
            deal(come, low, node.pos_end)
            if all(fit(k) for k in stay):
                return True
        room = node.pos_end - node.pos
        if room < 4 * (size[key] - 1) and (parents[key] is not None or room < size[key] - 1):
            return False
        for k in _top_down({**below, None: [key]})[1:]:
            places.pop(k, None)
        dealt_again.add(key)
        deal(sorted(stay, key=lambda k: tree[k].pos) + come, node.pos + 1, node.pos_end)
        return True

    for root in below.get(None, []):
        if root not in tree or not fit(root):
            raise NoRoomInTree(name=str(root))
    changed = {k: p for k, p in places.items() if k not in tree or (tree[k].pos, tree[k].pos_end) != p}
    return Settled(changed, frozenset(k for k in dealt_again if not dealt_again & set(_line(parents, k)[1:])))


def _top_down(below: Mapping[int | None, list[int]]) -> list[int]:
    """Every branch that hangs below None, parents before children."""
    order: list[int] = []
    waiting = list(reversed(below.get(None, [])))
    while waiting:
        key = waiting.pop()
        order.append(key)
        waiting.extend(reversed(below.get(key, [])))
    return order


def _line(parents: Mapping[int, int | None], key: int) -> list[int]:
    """The branch and its ancestors, nearest first."""
    line: list[int] = []
    at: int | None = key
    while at is not None:
        line.append(at)
        at = parents[at]
    return line


# From the top down; a branch's parent is of a higher level.
LEVELS = ("head_office", "province", "city", "branch", "outlet")


def is_above(level: str, other: str) -> bool:
    """Whether a branch of `level` may be the parent of one of the `other` level."""
    return LEVELS.index(level) < LEVELS.index(other)


def may(verbs: Sequence[str] | frozenset[str], verb: str) -> bool:
    """Whether a role with `verbs` may do `verb` ("room.noun.verb").

    A role's entry may end in a star: "content.*" allows every verb of content.
    """
    if verb in verbs:
        return True
    parts = verb.split(".")
    return any(".".join([*parts[:n], "*"]) in verbs for n in range(1, len(parts))) or "*" in verbs


def pinyin_of(name: str) -> str:
    """What people type for a Chinese name: whole syllables, then initials ("beijing bj")."""
    pypinyin = _pypinyin()
    whole = "".join(pypinyin.lazy_pinyin(name)).lower().replace(" ", "")
    initials = "".join(pypinyin.lazy_pinyin(name, style=pypinyin.Style.FIRST_LETTER)).lower().replace(" ", "")
    return f"{whole} {initials}"


@cache
def _pypinyin() -> ModuleType:
    # Its dictionary takes as long to load as half of Django, in each process that starts; few ever ask it.
    import pypinyin

    # In a bank's names 行 is háng unless a word says otherwise (步行街); the dictionary's first reading is xíng.
    pypinyin.load_single_dict({ord("行"): "háng,xíng"})
    pypinyin.load_phrases_dict({"总行": [["zǒng"], ["háng"]]})
    return pypinyin
