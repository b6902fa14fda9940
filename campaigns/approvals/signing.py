"""Where somebody signs: the open step, the seat there that is his, and the chair from which he takes it."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import F

from campaigns.approvals.flow import open_step_of, seats_of
from campaigns.approvals.models import Decision, Revision, Seat, Step
from campaigns.approvals.moves import open_revision, person_of
from campaigns.approvals.people import DECIDE, Chair, chairs_of, counting
from campaigns.approvals.rules import AlreadySigned, MakerIsChecker, NotYourTurn
from campaigns.lib.refusals import NotAllowed
from campaigns.tenants.scopes import Scope


@dataclass(frozen=True, slots=True)
class Place:
    """A seat at the open step, taken from a chair."""

    step: Step
    seat: Seat
    chair: Chair

    @property
    def behalf(self) -> dict[str, str]:
        """For the audit: on whose behalf, when a deputy signs."""
        return {} if self.chair.is_own else {"on_behalf_of": self.chair.person_name}


def place_to_sign(scope: Scope, revision_id: UUID) -> tuple[Revision, Place]:
    """The open revision, locked, and where the scope's person signs.

    Raises NotAllowed without any chair, NobodyActs, NotFound, ReviewIsClosed, MakerIsChecker, AlreadySigned,
    NotYourTurn.
    """
    person_id = person_of(scope)
    chairs = chairs_of(scope)
    if not chairs:
        raise NotAllowed(verb=DECIDE)
    revision = open_revision(scope, revision_id)
    if revision.is_by(person_id):
        raise MakerIsChecker
    step = open_step_of(scope, revision)
    if step is None:
        raise NotYourTurn(step="–")
    if has_signed(scope, revision):
        raise AlreadySigned
    place = seat_for(scope, revision, step, chairs)
    if place is None:
        raise NotYourTurn(step=step.name)
    return revision, place


def seat_for(scope: Scope, revision: Revision, step: Step, chairs: tuple[Chair, ...]) -> Place | None:
    """The seat that fits best: one's own chair before another's, a name before a role, a branch before any."""
    seats = seats_of(scope, step)
    if step.how == Step.How.ALL:
        taken = {decision.seat_id for decision in counting(scope, step)}
        seats = [seat for seat in seats if seat.pk not in taken]
    fitting = [Place(step, seat, chair) for chair in chairs for seat in seats if chair.fits(seat, revision)]
    return min(fitting, key=_preference, default=None)


def has_signed(scope: Scope, revision: Revision) -> bool:
    """Whether the scope's person has a signature that counts in this review."""
    return person_of(scope) in signed_by(scope, revision)


def signed_by(scope: Scope, revision: Revision) -> set[UUID]:
    """Whose signatures count in this review now."""
    counting_now = Decision.objects.within(scope).filter(
        revision=revision, verdict=Decision.Verdict.APPROVE, round__gte=F("step__since")
    )
    return set(counting_now.values_list("person_id", flat=True))


def _preference(place: Place) -> tuple[bool, bool, bool, bool, str]:
    seat = place.seat
    return (
        not place.chair.is_own,
        seat.person_id is None,
        seat.at_branch_id is None,
        seat.role == "",
        str(seat.pk),
    )
