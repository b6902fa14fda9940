"""Which steps a revision needs, from the policies of its branch and of the branches above. Pure.

A policy document is a JSON object; `policy_rules.clean_document` says what stands in one. Each branch of the line
asks its own policies, by rank, and the first that matches holds there; the steps of all that hold follow one
another, the thing's own branch first. So a branch can add steps, and never take any of head office's away.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from campaigns.approvals.kinds import Facts

# From the counter up to head office.
LEVELS = ("outlet", "branch", "city", "province", "head_office")

Document = Mapping[str, Any]
# The reference of the policy's revision, and what stands in it.
Referred = tuple[str, Document]


@dataclass(frozen=True, slots=True)
class SeatPlan:
    """Who may sit here: a role at exactly this branch (None: at any branch of the thing's line), or one person.

    Neither role nor person: anybody who may decide reviews and sees the thing.
    """

    role: str = ""
    branch_id: int | None = None
    person_id: UUID | None = None
    person_name: str = ""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step. `count` persons have to approve: one of the seats ("any"), one for every seat ("all"), or so many
    ("count"). `due_after` and `escalate_after` run from the moment the step begins. `policy` refers to the revision
    of the policy that asks for it; empty for the step that holds where no policy matches.
    """

    title: str
    seats: tuple[SeatPlan, ...]
    how: str = "any"
    count: int = 1
    if_empty: str = "up"
    due_after: timedelta = timedelta(days=1)
    escalate_after: timedelta | None = None
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A branch of the line, which runs from the thing's own branch up to head office."""

    branch_id: int
    level: str


# Where no policy matches: one other person who may decide, within a day.
DEFAULT = StepPlan("", (SeatPlan(),), "any", 1, "up", timedelta(hours=24), None)


def matches(document: Document, *, kind: str, facts: Facts, branch_level: str) -> bool:
    """Whether a policy speaks of such a thing. An empty condition is none; one that is switched off never does."""
    return (
        not document.get("off")
        and _is_one_of(kind, document.get("kinds"))
        and _is_one_of(facts.product_class, document.get("product_classes"))
        and _is_one_of(branch_level, document.get("branch_levels"))
        and _lies_in(facts.reward_fen, document.get("reward_from_fen"), document.get("reward_below_fen"))
        and _lies_in(facts.audience, document.get("audience_from"), document.get("audience_below"))
    )


def holding(
    documents: Sequence[Sequence[Referred]], *, kind: str, facts: Facts, line: Sequence[Ancestor]
) -> tuple[tuple[Ancestor, str, Document], ...]:
    """The policies that hold, with the branch each belongs to: at most one for each branch of the line."""
    found = []
    for ancestor, policies in zip(line, documents, strict=True):
        for reference, document in sorted(policies, key=_rank):
            if matches(document, kind=kind, facts=facts, branch_level=line[0].level):
                found.append((ancestor, reference, document))
                break
    return tuple(found)


def route(
    documents: Sequence[Sequence[Referred]], *, kind: str, facts: Facts, line: Sequence[Ancestor]
) -> tuple[StepPlan, ...]:
    """The steps of a revision, in order; never none.

    `documents` has, for each branch of the line, the policies that are live there.
    """
    held = holding(documents, kind=kind, facts=facts, line=line)
    steps = [
        step
        for _branch, reference, document in held
        for asked in document.get("steps", ())
        for step in _expanded(asked, line=line, policy=reference)
    ]
    return tuple(steps) or (DEFAULT,)


def severities(
    documents: Sequence[Sequence[Referred]], *, kind: str, facts: Facts, line: Sequence[Ancestor]
) -> dict[str, str]:
    """What the policies that hold make of a finding, by code of the check; the strictest of them wins."""
    found: dict[str, str] = {}
    for _branch, _reference, document in holding(documents, kind=kind, facts=facts, line=line):
        for code, severity in document.get("findings", {}).items():
            if found.get(code) != "block":
                found[code] = severity
    return found


def at_level(line: Sequence[Ancestor], level: str) -> Ancestor:
    """The nearest branch of the line that stands at this level, or above it where the line leaves it out."""
    wanted = LEVELS.index(level)
    return next((up for up in line if LEVELS.index(up.level) >= wanted), line[-1])


def _rank(referred: Referred) -> int:
    return int(referred[1].get("rank", 0))


def _is_one_of(value: str, wanted: Sequence[str] | None) -> bool:
    return not wanted or value in wanted


def _lies_in(value: int, first: int | None, below: int | None) -> bool:
    return (first is None or value >= first) and (below is None or value < below)


def _expanded(asked: Document, *, line: Sequence[Ancestor], policy: str) -> Iterator[StepPlan]:
    """A step as it is asked for; a line of n levels is n steps, as far as there are branches above."""
    hours = asked.get("escalate_hours")
    escalate_after = timedelta(hours=hours) if hours else None
    due_after = timedelta(hours=asked["due_hours"])

    def step(seats: tuple[SeatPlan, ...], how: str, count: int) -> StepPlan:
        return StepPlan(
            asked["title"], seats, how, count, asked["if_empty"], due_after, escalate_after, policy
        )

    seats = asked["seats"]
    if any(seat["by"] == "line" for seat in seats):
        for seat in seats:
            for up in line[1 : 1 + seat["levels"]] if seat["by"] == "line" else ():
                yield step((SeatPlan(role=seat["role"], branch_id=up.branch_id),), "any", 1)
        return
    how = asked["how"]
    count = {"any": 1, "all": len(seats)}.get(how) or asked["count"]
    yield step(tuple(_seat(seat, line) for seat in seats), how, count)


def _seat(seat: Document, line: Sequence[Ancestor]) -> SeatPlan:
    if seat["by"] == "person":
        return SeatPlan(person_id=UUID(seat["person_id"]), person_name=seat["name"])
    level = seat["level"]
    return SeatPlan(role=seat["role"], branch_id=at_level(line, level).branch_id if level else None)
