"""Rules of the tree: where a branch stands, and what a role may do. Pure."""

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


def pinyin_of(name: str) -> str:
    """What people type for a Chinese name: whole syllables, then initials ("beijing bj")."""
    # Its dictionary takes as long to load as half of Django, in each process that starts; few ever ask it.
    from pypinyin import Style, lazy_pinyin

    whole = "".join(lazy_pinyin(name)).lower().replace(" ", "")
    initials = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower().replace(" ", "")
    return f"{whole} {initials}"
