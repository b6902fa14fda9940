"""What the drawing of a route is given (templates/approvals/route.html): boxes from top to bottom.

The policy editor draws what a document asks for, a trial what a revision would need, and a review page can draw
where its review stands: it fills `state` and `signed`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from campaigns.approvals.policy_words import (
    Names,
    how_of,
    more_of,
    planned_more,
    planned_seat,
    seat_of,
    title_of,
)
from campaigns.approvals.routes import Document, StepPlan


@dataclass(frozen=True, slots=True)
class DrawnStep:
    """One box. `state`: "done", "open", "waiting" or "skipped", empty where nothing runs yet.

    `signed`: who approved, and when, as lines of text. `asked_by` says whose policy asks for it.
    """

    number: int
    title: str
    seats: tuple[str, ...]
    how: str
    more: str = ""
    state: str = ""
    signed: tuple[str, ...] = ()
    asked_by: str = ""
    is_new: bool = False


def drawn_document(*, document: Document, names: Names) -> list[DrawnStep]:
    """The boxes of a policy as it is written; nothing for one that is switched off."""
    if document.get("off"):
        return []
    return [
        DrawnStep(
            number=number,
            title=title_of(step["title"]),
            seats=tuple(seat_of(seat, names) for seat in step["seats"]),
            how=_how(step["how"], step["count"], len(step["seats"])),
            more=more_of(step),
        )
        for number, step in enumerate(document["steps"], start=1)
    ]


def drawn_steps(
    *, steps: Iterable[StepPlan], names: Names, branches: Mapping[int, str], new: str = ""
) -> list[DrawnStep]:
    """The boxes of one revision's route. `new`: the reference of the policy whose steps are marked as added."""
    return [
        DrawnStep(
            number=number,
            title=title_of(step.title),
            seats=tuple(planned_seat(seat, names, branches) for seat in step.seats),
            how=_how(step.how, step.count, len(step.seats)),
            more=planned_more(step),
            is_new=bool(new) and step.policy == new,
        )
        for number, step in enumerate(steps, start=1)
    ]


def _how(how: str, count: int, seats: int) -> str:
    return "" if seats < 2 and count < 2 else how_of(how, count, seats)
