"""Places in the tree, as pure rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.tenants.rules import Node, NoRoomInTree, Settled, settle

Parents = dict[int, int | None]


@st.composite
def trees(draw: st.DrawFn) -> Parents:
    """Parents of up to 40 branches; 1 is the root."""
    many = draw(st.integers(1, 40))
    return {1: None} | {n: draw(st.integers(max(1, n - 8), n - 1)) for n in range(2, many + 1)}


@st.composite
def changes(draw: st.DrawFn) -> tuple[Parents, Parents]:
    """A tree and another one: some branches elsewhere, some gone, some new."""
    before = draw(trees())
    after = dict(before)
    for key in list(after):
        if key != 1 and draw(st.booleans()):
            inside = below(after, key)
            after[key] = draw(st.sampled_from([k for k in after if k not in inside]))
    for number in range(draw(st.integers(0, 8))):
        after[1000 + number] = draw(st.sampled_from(list(after)))
    leaves = [k for k in after if k != 1 and k not in after.values()]
    for key in leaves[: draw(st.integers(0, 3))]:
        del after[key]
    return before, after


def below(parents: Parents, key: int) -> set[int]:
    """The branch and everything below it."""
    found = {key}
    while more := {k for k, p in parents.items() if p in found} - found:
        found |= more
    return found


def standing(parents: Parents, room: tuple[int, int]) -> dict[int, Node]:
    """A tree placed from nothing in `room`."""
    root = {1: Node(None, *room, filled_until=room[0])}
    settled = settle(tree=root, parents=parents)
    return applied(root, parents, settled)


def applied(tree: dict[int, Node], parents: Parents, settled: Settled) -> dict[int, Node]:
    """The tree after the change, as the service writes it."""
    places = {k: settled.places.get(k) or (tree[k].pos, tree[k].pos_end) for k in parents}
    made = {}
    for key, (pos, end) in places.items():
        ends = [places[k][1] for k, p in parents.items() if p == key]
        kept = tree[key].filled_until if key in tree and key not in settled.places else 0
        made[key] = Node(parents[key], pos, end, max([pos, *ends, 0 if key in settled.dealt_again else kept]))
    return made


def assert_nested(tree: dict[int, Node]) -> None:
    for key, node in tree.items():
        assert node.pos <= node.pos_end
        if node.parent is not None:
            above = tree[node.parent]
            assert above.pos < node.pos <= node.pos_end <= above.pos_end, key
        for other, at in tree.items():
            if other != key and at.parent == node.parent:
                assert at.pos_end < node.pos or node.pos_end < at.pos, (key, other)


@given(changes(), st.sampled_from([1, 2, 16, 1000, 1_000_000]))
def test_every_branch_finds_a_place_inside_its_parent_and_beside_its_siblings(
    change: tuple[Parents, Parents], slack: int
) -> None:
    before, after = change
    room = (1, max(len(before), len(after)) * slack)
    tree = standing(before, room)
    assert_nested(tree)
    moved = applied(tree, after, settle(tree=tree, parents=after))
    assert set(moved) == set(after)
    assert_nested(moved)


@given(changes())
def test_unless_places_are_dealt_again_nobody_stands_where_another_stood(
    change: tuple[Parents, Parents],
) -> None:
    before, after = change
    tree = standing(before, (1, 2_000_000_000))
    settled = settle(tree=tree, parents=after)
    assert not settled.dealt_again
    stay = {k for k in after if k not in settled.places}
    for key, (low, high) in settled.places.items():
        for other, node in tree.items():
            # Those above both the old and the new place see the branch come and go, rightly.
            if other in stay and node.pos < low and high <= node.pos_end:
                continue
            assert high < node.pos or node.pos_end < low, (key, other)


@given(trees())
def test_the_same_tree_changes_nothing(parents: Parents) -> None:
    tree = standing(parents, (1, 1_000_000))
    assert settle(tree=tree, parents=parents) == Settled({}, frozenset())


def test_a_tight_line_holds_exactly_as_many_as_it_has_places() -> None:
    tree = standing({1: None, 2: 1, 3: 1}, (1, 4))
    full = applied(tree, grown := {1: None, 2: 1, 3: 1, 4: 2}, settle(tree=tree, parents=grown))
    assert_nested(full)
    with pytest.raises(NoRoomInTree):
        settle(tree=full, parents=grown | {5: 1})


def test_only_the_smallest_crowded_branch_is_dealt_again() -> None:
    parents = {1: None, 2: 1, 3: 1, 4: 2, 5: 4}
    tree = {
        1: Node(None, 1, 1_000_000, 900),
        2: Node(1, 100, 500, 111),
        3: Node(1, 600, 900, 600),
        4: Node(2, 110, 111, 111),
        5: Node(4, 111, 111, 111),
    }
    settled = settle(tree=tree, parents=parents | {6: 4})
    assert settled.dealt_again == {2}
    assert set(settled.places) == {4, 5, 6}


def test_a_circle_is_refused() -> None:
    tree = standing({1: None, 2: 1, 3: 2}, (1, 100))
    with pytest.raises(ValueError, match="circle"):
        settle(tree=tree, parents={1: None, 2: 3, 3: 2})
