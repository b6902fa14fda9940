"""Changing who signs while a review runs: handing on, and adding signers."""

from typing import Literal
from uuid import UUID

from campaigns.approvals.flow import (
    GAP,
    SIGNER_DUE_AFTER,
    add_step,
    open_next,
    pause,
    replace_seat,
    say,
)
from campaigns.approvals.models import Remark, Revision, Step
from campaigns.approvals.moves import note, words_of
from campaigns.approvals.people import Candidate, candidates
from campaigns.approvals.routes import SeatPlan, StepPlan
from campaigns.approvals.rules import CannotSign
from campaigns.approvals.signing import place_to_sign, signed_by
from campaigns.approvals.telling import tell_about
from campaigns.tenants.scopes import Scope


def hand_on(*, scope: Scope, revision_id: UUID, person_id: UUID, words: str) -> Revision:
    """Give one's own seat at the open step to somebody who could take it as well (转办).

    Raises as `approve_revision`, WordsAreMissing, and CannotSign for somebody without the right or its maker.
    """
    words_of(words)
    revision, place = place_to_sign(scope, revision_id)
    seat = place.seat
    role, at_branch_id = ("", None) if seat.person_id else (seat.role, seat.at_branch_id)
    to = _signer(scope, revision, person_id, role=role, at_branch_id=at_branch_id)
    plan = SeatPlan(person_id=person_id, person_name=to.person_name)
    replace_seat(scope, revision, place.step, seat, plan)
    people = [(person_id, to.person_name)]
    remark = say(scope, revision, Remark.Deed.HAND_ON, step=place.step, words=words, people=people)
    tell_about(scope=scope, revision=revision, people=[person_id], code="handed_on", part=str(remark.pk))
    note(scope, revision, "approvals.revision.hand_on", comment=words, to=to.person_name, **place.behalf)
    return revision


def add_signer(
    *, scope: Scope, revision_id: UUID, person_id: UUID, where: Literal["before", "after"], words: str
) -> Revision:
    """Ask one more person to sign, before oneself or after the open step (加签).

    Raises as `hand_on`.
    """
    words_of(words)
    revision, place = place_to_sign(scope, revision_id)
    signer = _signer(scope, revision, person_id)
    seat = SeatPlan(person_id=person_id, person_name=signer.person_name)
    plan = StepPlan(title=signer.person_name, seats=(seat,), if_empty="refuse", due_after=SIGNER_DUE_AFTER)
    add_step(scope, revision, plan, position=_between(scope, revision, place.step, where), added_by=True)
    if where == "before":
        pause(scope, place.step)
        open_next(scope, revision)
    people = [(person_id, signer.person_name)]
    remark = say(scope, revision, Remark.Deed.ADD_SIGNER, step=place.step, words=words, people=people)
    tell_about(scope=scope, revision=revision, people=[person_id], code="signer_added", part=str(remark.pk))
    note(
        scope, revision, "approvals.revision.add_signer", comment=words, to=signer.person_name, **place.behalf
    )
    return revision


def _signer(
    scope: Scope,
    revision: Revision,
    person_id: UUID,
    role: str = "",
    at_branch_id: int | None = None,
) -> Candidate:
    found = candidates(scope, revision.branch_id, role, at_branch_id, person_id)
    # Somebody who has signed counts no second time: his step would never end.
    if not found or revision.is_by(person_id) or person_id in (scope.person_id, *signed_by(scope, revision)):
        raise CannotSign(name=found[0].person_name if found else "–")
    return found[0]


def _between(scope: Scope, revision: Revision, step: Step, where: str) -> int:
    """A position beside the step that nobody holds; the steps there are few."""
    taken = list(Step.objects.within(scope).filter(revision=revision).values_list("position", flat=True))
    if where == "before":
        below = max((at for at in taken if at < step.position), default=step.position - 2 * GAP)
        return (below + step.position) // 2
    above = min((at for at in taken if at > step.position), default=step.position + 2 * GAP)
    return (step.position + above) // 2
