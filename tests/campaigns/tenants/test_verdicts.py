"""Verdicts on the rows of an organisation file, as pure rules."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.tenants.organisation.rows import Listed, listed
from campaigns.tenants.organisation.verdicts import Ground, Kind, Stand, Verdict, judge, tree_after
from campaigns.tenants.rules import LEVELS, is_above

ZONE = "Asia/Shanghai"
Tree = dict[str, Stand]


def tree_of(*rows: tuple[str, str, str]) -> Tree:
    """Open branches of (code, parent, level)."""
    return {code: Stand(code, f"名{code}", level, parent, ZONE, True) for code, parent, level in rows}


BANK = tree_of(
    ("HO", "", "head_office"),
    ("N", "HO", "province"),
    ("NC", "N", "city"),
    ("NB", "NC", "branch"),
    ("S", "HO", "province"),
    ("SC", "S", "city"),
)


def row(code: str, *, line: int = 9, **said: object) -> Listed:
    """The row that leaves the branch of BANK as it is, but for what is said."""
    known = BANK.get(code) or Stand(code, f"名{code}", "branch", "NC", "", True)
    return Listed(line, code, known.name, known.parent, known.level)._replace(**said)  # type: ignore[arg-type]


def verdict_on(
    *rows: Listed, ground: Ground | None = None, close_missing: bool = False
) -> dict[str, Verdict]:
    found = judge(rows=rows, ground=ground or Ground(BANK, "HO"), close_missing=close_missing)
    return {v.code: v for v in found}


def reasons(*rows: Listed, ground: Ground | None = None, close_missing: bool = False) -> dict[str, str]:
    found = verdict_on(*rows, ground=ground, close_missing=close_missing)
    return {code: v.reason.code for code, v in found.items() if v.reason}


def test_each_kind_of_verdict_with_what_changes() -> None:
    found = verdict_on(
        row("HO"),
        row("N", name="北方新名"),
        row("NC", parent="S"),
        row("NB", is_open=False),
        row("X1", parent="SC"),
    )
    kinds = {code: str(v.kind) for code, v in found.items()}
    assert kinds == {"HO": "same", "N": "changed", "NC": "moved", "NB": "closed", "X1": "new"}
    assert found["N"].changes == {"name": ("名N", "北方新名")}
    assert found["NC"].changes == {"parent": ("N", "S")}
    assert found["NB"].changes == {"state": ("open", "closed")}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row("X", parent="nowhere")], {"X": "unknown_parent"}),
        ([row("X", parent="")], {"X": "empty_parent"}),
        ([row("X", level="head_office", parent="")], {"X": "second_head_office"}),
        ([row("X", level="province", parent="N")], {"X": "level_order"}),
        ([row("N", level="branch")], {"N": "child_level"}),
        ([row("N", parent="NC"), row("NC", parent="N")], {"N": "circle"}),
        ([row("N", is_open=False)], {"N": "children_open"}),
        ([row("HO", is_open=False)], {"HO": "own_branch_closes"}),
        ([row("HO", parent="N")], {"HO": "own_branch_moves"}),
        ([row("HO", level="province")], {"HO": "own_branch_level"}),
        ([row("NB", is_open=False), row("X", parent="NB", level="outlet")], {"X": "parent_closed"}),
        # Who stands on a refused row falls with it.
        ([row("X", parent="nowhere", level="city"), row("Y", parent="X", line=4)],
         {"X": "unknown_parent", "Y": "refused_parent"}),
        ([row("NC", is_open=False), row("NB", is_open=False, reason=None, parent="nowhere")],
         {"NB": "unknown_parent", "NC": "children_open"}),
    ],
)  # fmt: skip
def test_a_row_that_breaks_the_tree_is_refused_with_its_reason(
    rows: Sequence[Listed], expected: dict[str, str]
) -> None:
    assert reasons(*rows) == expected


def test_a_code_twice_is_refused_in_both_lines_and_names_both() -> None:
    found = judge(rows=[row("X", line=2), row("NB", line=3), row("X", line=7)], ground=Ground(BANK, "HO"))
    assert [(v.line, str(v.kind)) for v in found] == [(2, "refused"), (3, "same"), (7, "refused")]
    assert found[0].reason and found[0].reason.values == {"lines": "2、7"}


def test_a_province_may_change_its_own_subtree_and_nothing_else() -> None:
    north = {code: stand for code, stand in BANK.items() if code in {"N", "NC", "NB"}}
    ground = Ground(north, "N", ("HO", "head_office"), frozenset({"HO", "S", "SC"}))
    assert reasons(row("HO"), row("S"), row("NC", parent="S"), row("X", parent="SC"), ground=ground) == {
        "HO": "elsewhere",
        "S": "elsewhere",
        "NC": "parent_elsewhere",
        "X": "parent_elsewhere",
    }
    own = verdict_on(row("N", name="北方", parent="HO"), row("X", parent="NC"), ground=ground)
    assert {c: str(v.kind) for c, v in own.items()} == {"N": "changed", "X": "new"}
    assert reasons(row("N", parent="NC"), ground=ground) == {"N": "own_branch_moves"}
    assert reasons(row("N", is_open=False, parent=""), ground=ground) == {"N": "own_branch_closes"}


def test_branches_missing_from_the_file_close_only_when_asked_and_never_the_scopes_own() -> None:
    rows = [row("N"), row("NC"), row("S")]
    assert set(verdict_on(*rows)) == {"N", "NC", "S"}
    found = verdict_on(*rows, close_missing=True)
    assert {c: str(v.kind) for c, v in found.items() if v.line == 0} == {"NB": "closed", "SC": "closed"}
    in_use = Ground(BANK, "HO", in_use={"SC": "people"})
    assert reasons(*rows, ground=in_use, close_missing=True) == {"SC": "in_use"}


def test_a_closed_branch_stays_below_the_one_that_took_it_over_until_the_file_opens_it() -> None:
    bank = BANK | {"Z": Stand("Z", "旧支行", "branch", "NB", ZONE, False)}
    ground = Ground(bank, "HO")
    resting = Listed(5, "Z", "旧支行", "SC", "branch", is_open=False)
    assert str(verdict_on(resting, ground=ground)["Z"].kind) == "same"
    assert str(verdict_on(resting._replace(parent="", level="outlet"), ground=ground)["Z"].kind) == "same"
    opened = verdict_on(resting._replace(is_open=True), ground=ground)["Z"]
    assert opened.changes == {"parent": ("NB", "SC"), "state": ("closed", "open")}


def test_a_parent_closes_together_with_its_children_or_not_at_all() -> None:
    assert reasons(row("NC", is_open=False), row("NB", is_open=False)) == {}
    in_use = Ground(BANK, "HO", in_use={"NB": "customers"})
    assert reasons(row("NC", is_open=False), row("NB", is_open=False), ground=in_use) == {
        "NB": "in_use",
        "NC": "children_open",
    }


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["", "名", "HO", "支行"], "empty_code"),
        (["1.23E+17", "名", "HO", "支行"], "rounded_code"),
        (["A B", "名", "HO", "支行"], "bad_code"),
        (["=1+1", "名", "HO", "支行"], "bad_code"),
        (["X" * 33, "名", "HO", "支行"], "bad_code"),
        (["X", "", "HO", "支行"], "empty_name"),
        (["X", "名" * 121, "HO", "支行"], "long_name"),
        (["X", "名\u202e字", "HO", "支行"], "control"),
        (["X", "@名", "HO", "支行"], "formula"),
        (["X", "名", "HO", ""], "empty_level"),
        (["X", "名", "HO", "大区"], "unknown_level"),
        (["X", "名", "HO", "支行", "Mars/Base"], "unknown_zone"),
        (["X", "名", "HO", "支行", "", "也许"], "unknown_state"),
        (["X", "名", "HO", " 一级支行 ", "Asia/Urumqi", "营业"], ""),
    ],
)
def test_the_shape_of_a_row(cells: list[str], expected: str) -> None:
    columns = {"code": 0, "name": 1, "parent": 2, "level": 3, "zone": 4, "state": 5}
    [found] = listed(rows=[(2, cells)], columns=columns)
    assert (found.reason.code if found.reason else "") == expected


# --- properties: any tree, any file -------------------------------------------------------------------------

CODES = [f"B{n}" for n in range(14)]


@st.composite
def banks(draw: st.DrawFn) -> Tree:
    """A tree that keeps the rules: levels fall, nothing open below a closed one."""
    tree = {"HO": Stand("HO", "总行", "head_office", "", ZONE, True)}
    for code in draw(st.lists(st.sampled_from(CODES), unique=True, max_size=10)):
        parent = tree[draw(st.sampled_from([c for c, s in tree.items() if s.level != "outlet"]))]
        level = draw(st.sampled_from(LEVELS[LEVELS.index(parent.level) + 1 :]))
        is_open = parent.is_open and draw(st.integers(0, 4)) > 0
        tree[code] = Stand(code, draw(st.sampled_from("甲乙")), level, parent.code, ZONE, is_open)
    return tree


@st.composite
def files(draw: st.DrawFn) -> list[Listed]:
    """Rows of any sense and nonsense about the same codes."""
    codes = st.sampled_from(["HO", *CODES])
    return [
        Listed(
            number + 2,
            draw(codes),
            draw(st.sampled_from("甲乙")),
            draw(st.sampled_from(["", "nowhere", "HO", *CODES])),
            draw(st.sampled_from(LEVELS)),
            draw(st.sampled_from(["", "Asia/Urumqi"])),
            draw(st.sampled_from([None, True, True, False])),
        )
        for number in range(draw(st.integers(0, 16)))
    ]


def assert_sound(tree: Tree) -> None:
    """Every rule that the database keeps."""
    for code, stand in tree.items():
        if code == "HO":
            assert stand.parent == "" and stand.is_open
            continue
        above = tree[stand.parent]
        if stand.is_open:
            assert above.is_open and is_above(above.level, stand.level), code
        seen = {code}
        at = stand.parent
        while at:
            assert at not in seen, "a circle"
            seen.add(at)
            at = tree[at].parent


@given(banks(), files(), st.booleans())
def test_whatever_the_file_says_the_tree_that_follows_is_sound_and_says_what_its_accepted_rows_say(
    bank: Tree, rows: list[Listed], close_missing: bool
) -> None:
    ground = Ground(bank, "HO")
    verdicts = judge(rows=rows, ground=ground, close_missing=close_missing)
    after = tree_after(verdicts=verdicts, ground=ground)
    assert_sound(after)
    assert [v.line for v in verdicts if v.line] == [r.line for r in rows]
    for verdict, said in zip(verdicts, rows, strict=False):
        if verdict.kind is Kind.REFUSED:
            assert after.get(said.code) == bank.get(said.code)
            continue
        stand, was = after[said.code], bank.get(said.code)
        assert stand.name == said.name
        assert said.is_open in {None, stand.is_open}
        if was and not was.is_open and not stand.is_open:
            assert (stand.level, stand.parent) == (was.level, was.parent)
        else:
            assert stand.level == said.level
            assert said.code == "HO" or stand.parent == said.parent
    if close_missing:
        missing = set(bank) - {r.code for r in rows} - {"HO"}
        refused = {v.code for v in verdicts if v.reason}
        assert all(not after[code].is_open for code in missing - refused)


@given(banks(), files(), st.booleans())
def test_the_second_time_the_accepted_rows_change_nothing(
    bank: Tree, rows: list[Listed], close_missing: bool
) -> None:
    ground = Ground(bank, "HO")
    first = judge(rows=rows, ground=ground, close_missing=close_missing)
    after = tree_after(verdicts=first, ground=ground)
    accepted = [row for row, v in zip(rows, first, strict=False) if v.kind is not Kind.REFUSED]
    second = judge(rows=accepted, ground=Ground(after, "HO"))
    assert {str(v.kind) for v in second} <= {"same"}


@given(banks(), banks())
def test_a_file_of_a_whole_tree_gives_exactly_that_tree(bank: Tree, wanted: Tree) -> None:
    """Unless the two trees cannot follow one another; then the refused rows say so, and the rest stays sound."""
    rows = [
        Listed(n, s.code, s.name, s.parent, s.level, s.zone, s.is_open)
        for n, s in enumerate(wanted.values(), start=2)
    ]
    ground = Ground(bank, "HO")
    verdicts = judge(rows=rows, ground=ground, close_missing=True)
    after = tree_after(verdicts=verdicts, ground=ground)
    assert_sound(after)
    rests = {
        code for code, s in bank.items() if not s.is_open and code in wanted and not wanted[code].is_open
    }
    if not any(v.reason for v in verdicts):
        assert {c: s for c, s in after.items() if c in wanted and c not in rests} == {
            c: s for c, s in wanted.items() if c not in rests
        }
        assert all(not after[code].is_open for code in set(bank) - set(wanted))
    if not set(bank) - set(wanted) and not rests:
        # Nobody is left out, or lies elsewhere, who could stand in the way.
        assert after == wanted
