"""How a review goes from step to step."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from campaigns.approvals.clockwork import await_escalation, forget_escalation
from campaigns.approvals.models import Remark, Revision, Seat, Step
from campaigns.approvals.people import askable, counting, enough
from campaigns.approvals.routes import SeatPlan, StepPlan
from campaigns.approvals.rules import NobodyCanReview
from campaigns.approvals.telling import settle_waiting, tell_about
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import line_of

# Steps stand this far apart, so that others can be put between them.
GAP = 1000


def lay_steps(scope: Scope, revision: Revision, plans: Sequence[StepPlan]) -> None:
    """Write the steps of a new review and open the first. Raises NobodyCanReview for a step without people."""
    steps = []
    for number, plan in enumerate(plans, start=1):
        step = add_step(scope, revision, plan, position=number * GAP)
        _fill(scope, revision, step, submitting=True)
        steps.append(step)
    if all(step.state == Step.State.SKIPPED for step in steps):
        raise NobodyCanReview(step=steps[-1].name)
    open_next(scope, revision)


def add_step(
    scope: Scope, revision: Revision, plan: StepPlan, *, position: int, added_by: bool = False
) -> Step:
    """One step with its seats, waiting for its turn."""
    place = {"branch_id": revision.branch_id, "branch_pos": revision.branch_pos}
    step: Step = Step.objects.create(
        **place,
        revision=revision,
        position=position,
        title=plan.title,
        how=plan.how,
        count=plan.count,
        if_empty=plan.if_empty,
        due_after=plan.due_after,
        escalate_after=plan.escalate_after,
        policy=plan.policy,
        since=revision.round,
        added_by_id=scope.person_id if added_by else None,
        added_by_name=scope.facts.actor_name if added_by else "",
    )
    for seat in plan.seats:
        add_seat(scope, revision, step, seat, given=added_by)
    return step


def add_seat(
    scope: Scope,
    revision: Revision,
    step: Step,
    plan: SeatPlan,
    *,
    replaces: Seat | None = None,
    given: bool = False,
) -> Seat:
    """One seat of a step; `given` notes who added it."""
    seat: Seat = Seat.objects.create(
        branch_id=revision.branch_id,
        branch_pos=revision.branch_pos,
        step=step,
        revision=revision,
        role=plan.role,
        at_branch_id=plan.branch_id,
        person_id=plan.person_id,
        person_name=plan.person_name,
        replaces=replaces,
        given_by_id=scope.person_id if given else None,
        given_by_name=scope.facts.actor_name if given else "",
        is_open=step.state == Step.State.OPEN,
    )
    return seat


def replace_seat(scope: Scope, revision: Revision, step: Step, old: Seat, plan: SeatPlan) -> Seat:
    """Void a seat and put another in its place, in the name of who acts."""
    Seat.objects.within(scope).filter(pk=old.pk, void_at__isnull=True).update(void_at=scope.at, is_open=False)
    return add_seat(scope, revision, step, plan, replaces=old, given=scope.person_id is not None)


def seats_of(scope: Scope, step: Step) -> list[Seat]:
    """The seats that stand at a step."""
    return list(Seat.objects.within(scope).filter(step=step, void_at__isnull=True).order_by("id"))


def open_step_of(scope: Scope, revision: Revision) -> Step | None:
    """The step at which a review stands."""
    return Step.objects.within(scope).filter(revision=revision, state=Step.State.OPEN).first()


def open_next(scope: Scope, revision: Revision) -> Step | None:
    """Open the next step that somebody can take; None when all are through."""
    for step in (
        Step.objects.within(scope).filter(revision=revision, state=Step.State.WAITING).order_by("position")
    ):
        if _fill(scope, revision, step):
            _open(scope, revision, step)
            return step
    return None


def pass_if_signed(scope: Scope, revision: Revision, step: Step) -> bool:
    """Close the open step when its signatures are complete; whether it is closed."""
    signed = counting(scope, step)
    if step.how == Step.How.ALL:
        taken = {decision.seat_id for decision in signed}
        whole = all(seat.pk in taken for seat in seats_of(scope, step))
    else:
        whole = len({d.person_id for d in signed}) >= (step.count if step.how == Step.How.COUNT else 1)
    if whole:
        _move(scope, step, Step.State.PASSED, closed_at=scope.at)
        Seat.objects.within(scope).filter(step=step, is_open=True).update(is_open=False)
        forget_escalation(scope, step)
        settle_waiting(scope=scope, revision=revision, part=_turn(step))
    return whole


def close(scope: Scope, revision: Revision) -> None:
    """The review is over, or stands elsewhere: nobody need be told any more that it waits for him."""
    step = open_step_of(scope, revision)
    if step is not None:
        forget_escalation(scope, step)
        settle_waiting(scope=scope, revision=revision, part=_turn(step))


def pause(scope: Scope, step: Step) -> None:
    """The open step waits again: a signer was put before it, or the review was sent back further."""
    forget_escalation(scope, step)
    _move(scope, step, Step.State.WAITING, opened_at=None, due_at=None, escalate_at=None, closed_at=None)
    Seat.objects.within(scope).filter(step=step, is_open=True).update(is_open=False)


def begin_again(scope: Scope, revision: Revision, target: Step) -> None:
    """Another round from `target` on: what was decided there and later counts no more."""
    close(scope, revision)
    later = Step.objects.within(scope).filter(revision=revision, position__gte=target.position)
    Seat.objects.within(scope).filter(step__in=later, is_open=True).update(is_open=False)
    later.update(
        state=Step.State.WAITING,
        since=revision.round,
        opened_at=None,
        due_at=None,
        escalate_at=None,
        closed_at=None,
    )
    open_next(scope, revision)


def say(
    scope: Scope,
    revision: Revision,
    deed: str,
    *,
    step: Step | None = None,
    words: str = "",
    people: Sequence[tuple[UUID, str]] = (),
) -> Remark:
    """Note what was said or done in a review."""
    remark: Remark = Remark.objects.create(
        branch_id=revision.branch_id,
        branch_pos=revision.branch_pos,
        revision=revision,
        step=step,
        deed=deed,
        person_id=scope.person_id,
        person_name=scope.facts.actor_name,
        words=words.strip(),
        people=[[str(person_id), name] for person_id, name in people],
        at=scope.at,
    )
    return remark


def _fill(scope: Scope, revision: Revision, step: Step, *, submitting: bool = False) -> bool:
    """See that people can sit at a step, by its own rule for when nobody can. False when it is left out.

    Raises NobodyCanReview at the submission; in mid-flow a step without people stays open and is escalated when it
    is late, since nobody's leaving undoes what was signed.
    """
    seats = seats_of(scope, step)
    if _has_people(scope, revision, step, seats):
        return True
    if step.if_empty == "skip":
        if not any(askable(scope, revision, [seat]) for seat in seats):
            _move(scope, step, Step.State.SKIPPED, closed_at=scope.at)
            say(scope, revision, Remark.Deed.SKIP, step=step)
            return False
    elif step.if_empty == "up" and _move_up(scope, revision, step, seats):
        return True
    if submitting:
        raise NobodyCanReview(step=step.name)
    return True


def _has_people(scope: Scope, revision: Revision, step: Step, seats: Sequence[Seat]) -> bool:
    return enough(step, seats, [set(askable(scope, revision, [seat])) for seat in seats])


def _move_up(scope: Scope, revision: Revision, step: Step, seats: Sequence[Seat]) -> bool:
    """Ask the next branch up in the place of seats that nobody can take; whether the step has people now."""
    line = line_of(scope=scope, branch_id=revision.branch_id)
    now = list(seats)
    for index, seat in enumerate(seats):
        while not askable(scope, revision, [now[index]]):
            at = now[index].at_branch_id
            above = line[line.index(at) + 1 :] if at in line else []
            if seat.person_id is not None or not above:
                return False
            plan = SeatPlan(role=seat.role, branch_id=above[0])
            now[index] = replace_seat(scope, revision, step, now[index], plan)
    return _has_people(scope, revision, step, now)


def _open(scope: Scope, revision: Revision, step: Step) -> None:
    due_at = scope.at + step.due_after
    escalate_at = scope.at + step.escalate_after if step.escalate_after else None
    _move(scope, step, Step.State.OPEN, opened_at=scope.at, due_at=due_at, escalate_at=escalate_at)
    Seat.objects.within(scope).filter(step=step, void_at__isnull=True).update(is_open=True)
    Revision.objects.within(scope).filter(pk=revision.pk).update(due_at=due_at)
    revision.due_at = due_at
    await_escalation(scope, step)
    people = askable(scope, revision, seats_of(scope, step))
    tell_about(scope=scope, revision=revision, people=people, code="waiting", part=_turn(step))


def _turn(step: Step) -> str:
    """One opening of a step, for those who are told of it once."""
    return f"{step.pk}:{step.since}"


def _move(scope: Scope, step: Step, to: str, **more: object) -> None:
    Step.objects.within(scope).filter(pk=step.pk, state=step.state).update(state=to, **more)
    step.state = to
    for name, value in more.items():
        setattr(step, name, value)


# How long somebody who was added to a review has.
SIGNER_DUE_AFTER = timedelta(days=1)
