"""Steps that are late: the next branch up may sign them too."""

from uuid import UUID

from campaigns.approvals.flow import add_seat, say, seats_of
from campaigns.approvals.models import Remark, Revision, Step
from campaigns.approvals.moves import lock_if_free, note
from campaigns.approvals.people import askable, candidates
from campaigns.approvals.routes import SeatPlan
from campaigns.approvals.telling import tell_about
from campaigns.jobs.due_rules import NotYet
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import line_of


def escalate_overdue(*, scope: Scope, step_id: UUID) -> bool:
    """Widen a step whose time for it has come, in the system's scope; whether it was still to be done.

    A seat of a role asks the same role at the next branch up that has somebody; a named seat asks whoever may decide
    at the branch above. Nobody loses a seat by it, and all-of steps still need every one of theirs. Raises NotYet while
    somebody else writes to the review.
    """
    late = Step.objects.within(scope).filter(
        pk=step_id,
        state=Step.State.OPEN,
        escalate_at__lte=scope.at,
        revision__state=Revision.State.SUBMITTED,
    )
    step = late.select_related("revision").order_by().first()
    if step is None:
        return False
    revision = step.revision
    if not lock_if_free(scope, revision.subject):
        raise NotYet
    if not late.filter(escalate_at=step.escalate_at).update(escalate_at=None):
        return False
    asked: dict[UUID, str] = {}
    if step.how != Step.How.ALL:
        line = line_of(scope=scope, branch_id=revision.branch_id)
        for seat in seats_of(scope, step):
            start = line.index(seat.at_branch_id) if seat.at_branch_id in line else 0
            for above in line[start + 1 :]:
                people = {
                    one.person_id: one.person_name
                    for one in candidates(scope, revision.branch_id, seat.role, above)
                    if not revision.is_by(one.person_id)
                }
                if people:
                    add_seat(scope, revision, step, SeatPlan(role=seat.role, branch_id=above))
                    asked |= people
                    break
    say(
        scope,
        revision,
        Remark.Deed.ESCALATE,
        step=step,
        people=list(asked.items()),
    )
    late_people = asked or askable(scope, revision, seats_of(scope, step))
    tell_about(
        scope=scope, revision=revision, people=late_people, code="overdue", part=f"{step.pk}:{step.since}"
    )
    note(scope, revision, "approvals.revision.escalate", step=step.title)
    return True
