"""Which steps a revision needs: the same for the same question, and never fewer because of a branch below."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.approvals.kinds import Facts
from campaigns.approvals.policy_rules import PolicyIsMalformed, blank_document, clean_document
from campaigns.approvals.routes import (
    DEFAULT,
    LEVELS,
    Ancestor,
    SeatPlan,
    StepPlan,
    at_level,
    holding,
    matches,
    route,
    severities,
)

ROLES = ("reviewer", "branch_manager")
KINDS = ("content.item", "rewards.batch")
CLASSES = ("", "wealth", "fund")


def document(**more: Any) -> dict[str, Any]:
    """A policy for everything with one step of a reviewer, ranked 100."""
    return {**clean_document({**blank_document(), **more}), "title": "x", "rank": more.get("rank", 100)}


def line_of(*levels: str) -> tuple[Ancestor, ...]:
    return tuple(Ancestor(number, level) for number, level in enumerate(levels, start=1))


WHOLE = line_of("outlet", "branch", "city", "province", "head_office")

seats = st.one_of(
    st.builds(
        lambda role, level: {"by": "role", "role": role, "level": level},
        st.sampled_from(ROLES),
        st.sampled_from(("", *LEVELS)),
    ),
    st.just({"by": "person", "person_id": str(UUID(int=7)), "name": "王敏"}),
)
lines_up = st.builds(
    lambda role, levels: [{"by": "line", "role": role, "levels": levels}],
    st.sampled_from(ROLES),
    st.integers(1, 8),
)
asked_steps = st.fixed_dictionaries(
    {
        "title": st.just("复核"),
        "seats": st.one_of(lines_up, st.lists(seats, min_size=1, max_size=3)),
        "how": st.sampled_from(("any", "all", "count")),
        "count": st.integers(1, 3),
        "if_empty": st.sampled_from(("up", "refuse")),
        "due_hours": st.integers(1, 100),
        "escalate_hours": st.none() | st.integers(100, 200),
    }
)
bounds = st.none() | st.integers(0, 3)
documents = st.builds(
    lambda rank, raw: {**clean_document(raw), "title": "x", "rank": rank},
    st.integers(0, 3),
    st.fixed_dictionaries(
        {
            "kinds": st.lists(st.sampled_from(KINDS), max_size=1),
            "product_classes": st.lists(st.sampled_from(CLASSES[1:]), max_size=1),
            "branch_levels": st.lists(st.sampled_from(LEVELS), max_size=3),
            "reward_from_fen": bounds,
            "reward_below_fen": bounds,
            "audience_from": bounds,
            "audience_below": bounds,
            "findings": st.dictionaries(
                st.sampled_from(("words", "links")), st.sampled_from(("warn", "block"))
            ),
            "off": st.booleans(),
            "steps": st.lists(asked_steps, min_size=1, max_size=3),
        }
    ),
)
facts_asked = st.builds(
    lambda product, fen, audience: Facts(product, fen, audience),
    st.sampled_from(CLASSES),
    st.integers(0, 4),
    st.integers(0, 4),
)


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    start = draw(st.integers(0, len(WHOLE) - 1))
    line = WHOLE[start:]
    policies = [
        [
            (f"r{branch.branch_id}.{n}", policy)
            for n, policy in enumerate(draw(st.lists(documents, max_size=3)))
        ]
        for branch in line
    ]
    return {
        "documents": policies,
        "kind": draw(st.sampled_from(KINDS)),
        "facts": draw(facts_asked),
        "line": line,
    }


@given(questions())
def test_a_route_is_the_same_each_time_and_never_empty(asked: dict[str, Any]) -> None:
    steps = route(**asked)
    assert steps == route(**asked)
    assert steps
    for step in steps:
        assert step.seats and step.count >= 1 and step.due_after >= timedelta(hours=1)
        assert step.how != "all" or step.count == len(step.seats)
    # What stands in a policy is asked for, step by step, in the order of the line.
    held = [(reference, doc) for _branch, reference, doc in holding(**asked)]
    assert [step.policy for step in steps] == sorted(
        (step.policy for step in steps),
        key=lambda found: [r for r, _doc in held].index(found) if found else 0,
    )


@given(questions())
def test_a_branch_adds_steps_and_takes_none_away(asked: dict[str, Any]) -> None:
    """Whatever the lower branches have, the steps of those above come at the end, unchanged."""
    for kept in range(1, len(asked["line"]) + 1):
        above = [[] if n < kept else policies for n, policies in enumerate(asked["documents"])]
        without = route(**(asked | {"documents": above}))
        if without != (DEFAULT,):
            assert route(**asked)[-len(without) :] == without


@given(st.integers(1, 8), st.integers(0, len(WHOLE) - 1))
def test_a_line_of_seats_is_as_many_steps_as_there_are_branches_above(levels: int, start: int) -> None:
    policy = document(steps=[{"seats": [{"by": "line", "role": "branch_manager", "levels": levels}]}])
    line = WHOLE[start:]
    empty: list[Any] = [[] for _branch in line[1:]]
    steps = route([[("r", policy)], *empty], kind="content.item", facts=Facts(), line=line)
    above = line[1 : 1 + levels]
    if not above:
        assert steps == (DEFAULT,)
        return
    assert len(steps) == min(levels, len(line) - 1)
    assert [step.seats for step in steps] == [(SeatPlan("branch_manager", up.branch_id),) for up in above]


def holds(policy: dict[str, Any], level: str = "branch", kind: str = "content.item", **facts: Any) -> bool:
    return matches(policy, kind=kind, facts=Facts(**facts), branch_level=level)


def test_a_threshold_counts_from_its_own_value_and_ends_before_it() -> None:
    money = document(reward_from_fen=5_000_000, reward_below_fen=10_000_000)
    assert [holds(money, reward_fen=fen) for fen in (4_999_999, 5_000_000, 9_999_999, 10_000_000)] == [
        False, True, True, False,
    ]  # fmt: skip
    people = document(audience_from=100, audience_below=200)
    assert [holds(people, audience=n) for n in (99, 100, 199, 200)] == [False, True, True, False]
    # Nought is a threshold too, and not an empty one.
    assert not holds(document(reward_below_fen=0)) and holds(document(reward_from_fen=0))


def test_an_empty_condition_is_none_and_a_named_one_is_exact() -> None:
    assert holds(document())
    assert not holds(document(kinds=["rewards.batch"])) and holds(
        document(kinds=["rewards.batch", "content.item"])
    )
    wealth = document(product_classes=["wealth"])
    assert (
        holds(wealth, product_class="wealth")
        and not holds(wealth)
        and not holds(wealth, product_class="fund")
    )
    province = document(branch_levels=["province"])
    assert holds(province, "province") and not holds(province, "city")
    assert not holds(document(off=True))


def test_the_first_by_rank_that_fits_holds_and_the_others_of_its_branch_do_not() -> None:
    line = line_of("head_office")
    strict = document(rank=20, steps=[{"title": "二", "seats": [{"by": "role", "role": "reviewer"}]}] * 2)
    batches = document(rank=10, kinds=["rewards.batch"])
    policies = [[("all", strict), ("batches", batches)]]
    asked: Any = {"documents": policies, "facts": Facts(), "line": line}
    assert [s.policy for s in route(kind="rewards.batch", **asked)] == ["batches"]
    assert [s.policy for s in route(kind="content.item", **asked)] == ["all", "all"]


def test_nothing_that_matches_is_one_step_of_anybody_within_a_day() -> None:
    line = line_of("branch", "head_office")
    found = route([[], []], kind="content.item", facts=Facts(), line=line)
    assert found == (StepPlan("", (SeatPlan(),), "any", 1, "up", timedelta(hours=24), None, policy=""),)


def test_a_seat_at_a_level_is_the_nearest_branch_that_high() -> None:
    assert at_level(WHOLE, "city").branch_id == 3
    # A line that leaves the level out goes higher, never lower.
    assert at_level(line_of("branch", "province", "head_office"), "city").level == "province"
    assert at_level(line_of("head_office"), "outlet").level == "head_office"


def test_a_step_says_who_how_many_and_by_when() -> None:
    policy = document(
        steps=[
            {
                "title": "合规",
                "seats": [
                    {"by": "role", "role": "reviewer", "level": "head_office"},
                    {"by": "role", "role": "branch_manager"},
                    {"by": "person", "person_id": str(UUID(int=7)), "name": "王敏"},
                ],
                "how": "all",
                "due_hours": 4,
                "escalate_hours": 8,
                "if_empty": "refuse",
            }
        ]
    )
    [step] = route([[("r", policy)], []], kind="x.y", facts=Facts(), line=line_of("branch", "head_office"))
    assert step == StepPlan(
        "合规",
        (
            SeatPlan("reviewer", 2),
            SeatPlan("branch_manager"),
            SeatPlan(person_id=UUID(int=7), person_name="王敏"),
        ),
        "all",
        3,
        "refuse",
        timedelta(hours=4),
        timedelta(hours=8),
        "r",
    )


def test_the_strictest_policy_on_the_line_says_what_a_finding_does() -> None:
    asked: Any = {"kind": "content.item", "facts": Facts(), "line": line_of("branch", "head_office")}
    own, top = document(findings={"words": "warn", "links": "block"}), document(findings={"words": "block"})
    assert severities([[("a", own)], [("b", top)]], **asked) == {"words": "block", "links": "block"}
    assert severities([[("b", top)], [("a", own)]], **asked) == {"words": "block", "links": "block"}
    assert severities([[("a", own)], []], **asked) == {"words": "warn", "links": "block"}


@given(documents)
def test_a_clean_document_is_clean(policy: dict[str, Any]) -> None:
    once = clean_document(policy)
    assert clean_document(once) == once


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": {}},
        {"steps": [7]},
        {"steps": [{}] * 13},
        {"steps": [{"seats": [{"by": "lot"}]}]},
        {"steps": [{"seats": [{"by": "person", "person_id": "7"}]}]},
        {"steps": [{"seats": [{"by": "role", "role": "reviewer", "level": "cellar"}]}]},
        {"steps": [{"seats": [{"by": "line", "role": "reviewer", "levels": 99}]}]},
        {"steps": [{"how": "none"}]},
        {"steps": [{"due_hours": 0}]},
        {"steps": [{"count": True}]},
        {"kinds": [7]},
        {"kinds": "content.item"},
        {"branch_levels": ["cellar"]},
        {"findings": {"words": "perhaps"}},
        {"findings": []},
        {"findings": [1]},
        {"reward_from_fen": -1},
        {"reward_from_fen": "5"},
        {"audience_below": 10**13},
    ],
    ids=str,
)
def test_a_document_out_of_shape_is_refused_by_its_place(wrong: dict[str, Any]) -> None:
    if wrong == {"findings": []}:
        assert clean_document(wrong)["findings"] == {}
        return
    with pytest.raises(PolicyIsMalformed):
        clean_document(wrong)
