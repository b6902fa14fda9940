"""The way a review goes: which steps, and who may take them. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext_noop


@dataclass(frozen=True, slots=True)
class SeatPlan:
    """Who may sign: a named person, or whoever has `role` (empty: any role that may decide) at `branch_id`
    (None: at any branch on the thing's line).
    """

    role: str = ""
    branch_id: int | None = None
    person_id: str = ""
    person_name: str = ""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step. `how`: any one of the seats, all of them (each by another person), or `count` persons.

    `if_empty` when nobody can take it: "up" asks the next branch up, "skip" leaves it out, "refuse" the submission.
    `policy` refers to the revision of the policy that asks for it; empty for the one of the code.
    """

    title: str
    seats: tuple[SeatPlan, ...]
    how: str = "any"
    count: int = 1
    if_empty: str = "up"
    due_after: timedelta = timedelta(days=1)
    escalate_after: timedelta | None = None
    policy: str = ""


# Without a policy: one other person who may decide, at the thing's branch or above it, within a day.
DEFAULT = (StepPlan(gettext_noop("Review"), (SeatPlan(),)),)
