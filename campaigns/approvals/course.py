"""The course of one review as people read it: its steps, what was decided and said, and whose turn it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from campaigns.approvals.models import Decision, Delegation, Remark, Revision, Seat, Step
from campaigns.approvals.people import Chair, asked, chairs_of
from campaigns.approvals.selectors import decisions_of
from campaigns.approvals.signing import Place, has_signed, seat_for
from campaigns.tenants.models import Branch, Role
from campaigns.tenants.scopes import Scope


@dataclass(frozen=True, slots=True)
class StepSeen:
    """One step: whom it asks in words, who signed it, and the names of those it waits for when it is open."""

    step: Step
    whom: tuple[str, ...]
    signed: tuple[Decision, ...]
    waits_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """How the scope's person stands to a review. `place` is the seat he takes, None when it is not his turn."""

    place: Place | None = None
    chairs: tuple[Chair, ...] = ()
    is_maker: bool = False
    has_signed: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of what happened: a decision or a remark, of this revision or (`is_before`) an older one."""

    at: datetime
    who: str
    did: str
    number: int
    is_before: bool
    words: str = ""
    people: tuple[str, ...] = ()
    step: str = ""
    on_behalf_of: str = ""
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """All of it. `open_step` is the step at which the review stands, `passed` are those it can go back to."""

    steps: tuple[StepSeen, ...]
    turn: Turn
    open_step: StepSeen | None = None
    passed: tuple[Step, ...] = field(default=())

    @property
    def waits_words(self) -> str:
        """Who is asked now, by name as far as a line of text goes."""
        return names_words(self.open_step.waits_for) if self.open_step else ""


# Names that stand in one line; the others are counted.
_NAMED = 5


def names_words(names: Sequence[str]) -> str:
    """The first of the names, and how many more; "" for none."""
    named = "、".join(names[:_NAMED])
    if len(names) <= _NAMED:
        return named
    return _("%(names)s and %(count)s more") % {"names": named, "count": len(names) - _NAMED}


def course_of(scope: Scope, revision: Revision) -> Course:
    """The steps of a review and the reader's part in it; a fixed number of queries, however many steps it has."""
    steps = list(Step.objects.within(scope).filter(revision=revision).order_by("position"))
    seats = list(Seat.objects.within(scope).filter(revision=revision, void_at__isnull=True).order_by("id"))
    signed = [
        decision
        for decision in Decision.objects.within(scope).filter(revision=revision).order_by("id")
        if decision.verdict == Decision.Verdict.APPROVE
    ]
    whom = _names_of_seats(seats)
    waits_for = _waits_for(scope, revision) if revision.is_open else ()
    seen = tuple(
        StepSeen(
            step=step,
            whom=tuple(dict.fromkeys(whom[seat.pk] for seat in seats if seat.step_id == step.pk)),
            signed=tuple(d for d in signed if d.step_id == step.pk and d.round >= step.since),
            waits_for=waits_for if step.state == Step.State.OPEN else (),
        )
        for step in steps
    )
    open_step = next((each for each in seen if each.step.state == Step.State.OPEN), None)
    return Course(
        steps=seen,
        turn=turn_of(scope, revision, open_step.step if open_step else None),
        open_step=open_step,
        passed=tuple(s for s in steps if s.state in (Step.State.PASSED, Step.State.SKIPPED)),
    )


def turn_of(scope: Scope, revision: Revision, step: Step | None) -> Turn:
    """Whether the scope's person may sign the open step now, from which chair, and why not."""
    chairs = chairs_of(scope)
    if revision.is_by(scope.person_id):
        return Turn(chairs=chairs, is_maker=True)
    if step is None or not chairs or not revision.is_open:
        return Turn(chairs=chairs)
    if has_signed(scope, revision):
        return Turn(chairs=chairs, has_signed=True)
    return Turn(chairs=chairs, place=seat_for(scope, revision, step, chairs))


def signers_of(scope: Scope, revision: Revision) -> set[UUID]:
    """Whose signatures count in this review so far? One query."""
    rows = Decision.objects.within(scope).filter(revision=revision, verdict=Decision.Verdict.APPROVE)
    return set(rows.filter(round__gte=F("step__since")).values_list("person_id", flat=True))


def what_happened(scope: Scope, revision: Revision) -> list[Moment]:
    """Decisions and remarks on any revision of the thing as one time line, the oldest first. Two queries."""
    remarks = (
        Remark.objects.within(scope)
        .filter(revision__subject=revision.subject)
        .select_related("revision", "step")
        .defer("revision__payload")
    )
    decisions = decisions_of(scope=scope, subject=revision.subject).select_related("step")
    found = [
        Moment(
            at=each.at,
            who=each.person_name,
            did=each.get_verdict_display(),
            number=each.revision.number,
            is_before=each.revision_id != revision.pk,
            words=each.comment,
            step=each.step.name if each.step else "",
            on_behalf_of=each.for_person_name,
            verdict=each.verdict,
        )
        for each in decisions.defer("revision__payload")
    ]
    found += [
        Moment(
            at=each.at,
            who=each.person_name or _("The system"),
            did=each.get_deed_display(),
            number=each.revision.number,
            is_before=each.revision_id != revision.pk,
            words=each.words,
            people=tuple(name for _person_id, name in each.people),
            step=each.step.name if each.step and each.deed in _AT_A_STEP else "",
        )
        for each in remarks
    ]
    return sorted(found, key=lambda moment: moment.at)


# What happens to a step itself, and not to one of its signers.
_AT_A_STEP = (Remark.Deed.ESCALATE, Remark.Deed.SKIP)


def open_steps_of(scope: Scope, revisions: Sequence[Revision]) -> Mapping[UUID, Step]:
    """At which step does each of these reviews stand? One query."""
    rows = Step.objects.within(scope).filter(revision__in=list(revisions), state=Step.State.OPEN)
    return {step.revision_id: step for step in rows}


def _waits_for(scope: Scope, revision: Revision) -> tuple[str, ...]:
    """The names of who is asked now; with the deputies that the reader's branches know of."""
    people = asked(scope, [revision.pk]).get(revision.pk, {})
    stand_ins: dict[UUID, list[str]] = {}
    for each in Delegation.objects.within(scope).filter(
        person_id__in=list(people), held_from__lte=scope.at, held_until__gt=scope.at
    ):
        if not revision.is_by(each.deputy_id):
            stand_ins.setdefault(each.person_id, []).append(each.deputy_name)
    return tuple(
        _("%(name)s (deputy: %(deputies)s)") % {"name": name, "deputies": "、".join(stand_ins[person_id])}
        if person_id in stand_ins
        else name
        for person_id, name in people.items()
    )


def _names_of_seats(seats: Sequence[Seat]) -> dict[UUID, str]:
    """Whom each seat asks, in words: a person, or a role and where."""
    roles = Role.objects.in_bulk({seat.role for seat in seats if seat.role})
    places = {seat.at_branch_id for seat in seats if seat.at_branch_id}
    branches = dict(Branch.objects.filter(pk__in=places).values_list("pk", "name")) if places else {}

    def words(seat: Seat) -> str:
        if seat.person_id:
            return str(seat.person_name)
        role = str(roles.get(seat.role, seat.role)) if seat.role else _("whoever may review")
        place = branches.get(seat.at_branch_id or 0, "")
        return f"{role} · {place}" if place else role

    return {seat.pk: words(seat) for seat in seats}
