"""What customers see: going live, waiting for its time, and being taken down."""

from uuid import UUID

from django.db.models import F

from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import Decision, Revision, Step
from campaigns.approvals.moves import lock, move, note, thing_of, words_of
from campaigns.approvals.rules import (
    KeeperHasSigned,
    NothingIsLive,
    NothingIsScheduled,
    NotThrough,
    ReviewIsClosed,
)
from campaigns.approvals.selectors import live_and_scheduled, revision_in_scope, scheduled_revision_of
from campaigns.approvals.stop_rules import IsStopped
from campaigns.approvals.stopped import stop_over
from campaigns.approvals.telling import tell_makers
from campaigns.tenants.scopes import Scope

State = Revision.State


def take_down(*, scope: Scope, subject: str, reason: str) -> Revision:
    """Remove the published copy at once, and cancel what waits for its time; one person suffices, going live again
    needs two.

    Demands `<kind>.take_down`. Raises NotFound, NothingIsLive, WordsAreMissing without a reason.
    """
    kind, subject_id = thing_of(subject)
    scope.demand(f"{kind.code}.take_down")
    words_of(reason)
    lock(scope, subject)
    kind.freeze(scope, subject_id)  # a foreign thing answers like an absent one
    live, waiting = live_and_scheduled(scope=scope, subject=subject)
    found = live or waiting
    if found is None:
        raise NothingIsLive
    if waiting is not None:
        move(scope, waiting, State.TAKEN_DOWN)
        note(scope, waiting, "approvals.revision.cancel", reason=reason)
    if live is not None:
        kind.take_down(scope, subject_id)
        move(scope, live, State.TAKEN_DOWN)
        note(scope, live, f"{kind.code}.take_down", reason=reason)
    tell_makers(scope=scope, revision=found, code="taken_down", comment=reason)
    return found


def cancel_schedule(*, scope: Scope, revision_id: UUID, reason: str) -> Revision:
    """Keep an approved revision from going live at its time; what is live serves on.

    Demands `<kind>.take_down`. Raises NotFound, NothingIsScheduled, WordsAreMissing without a reason.
    """
    revision = revision_in_scope(scope=scope, revision_id=revision_id)
    scope.demand(f"{revision.kind}.take_down")
    words_of(reason)
    lock(scope, revision.subject)
    waiting = scheduled_revision_of(scope=scope, subject=revision.subject)
    if waiting is None or waiting.pk != revision.pk:
        raise NothingIsScheduled
    move(scope, waiting, State.TAKEN_DOWN)
    note(scope, waiting, "approvals.revision.cancel", reason=reason)
    return waiting


def go_live(*, scope: Scope, revision: Revision) -> None:
    """Put an approved revision in the place of what was live, or let it wait for its time.

    Called when the last step of its review is through. It waits only while something else is live that would
    otherwise vanish before its successor shows. Raises ReviewIsClosed, NotThrough, IsStopped, and KeeperHasSigned
    when a signer has come to answer for it since.
    """
    _check(scope, revision)
    before, waiting = live_and_scheduled(scope=scope, subject=revision.subject)
    if waiting is not None:
        move(scope, waiting, State.SUPERSEDED)
    if before is not None and revision.shown_from is not None and revision.shown_from > scope.at:
        move(scope, revision, State.SCHEDULED)
        return
    demand_not_stopped(scope=scope, revision=revision)
    if before is not None:
        move(scope, before, State.SUPERSEDED)
    move(scope, revision, State.APPROVED)
    kind_of(revision.kind).go_live(scope, revision)


def _check(scope: Scope, revision: Revision) -> None:
    if not revision.is_open:
        raise ReviewIsClosed(number=revision.number, state=revision.state_label)
    steps = Step.objects.within(scope).filter(revision=revision)
    if {step.state for step in steps} - {Step.State.PASSED, Step.State.SKIPPED} or not steps:
        raise NotThrough
    for decision in Decision.objects.within(scope).filter(
        step__in=steps, verdict=Decision.Verdict.APPROVE, round__gte=F("step__since")
    ):
        if revision.is_by(decision.person_id) or revision.is_by(decision.for_person_id):
            raise KeeperHasSigned(name=decision.person_name)


def demand_not_stopped(*, scope: Scope, revision: Revision) -> None:
    """Raises IsStopped while an emergency stop covers what would go live."""
    kind = kind_of(revision.kind)
    if kind.copies is None:
        return  # customers are served nothing of it
    stop = stop_over(
        scope=scope,
        kind=kind.code,
        branch_id=revision.branch_id,
        campaign_id=kind.campaign(revision.payload),
    )
    if stop is not None:
        raise IsStopped(reason=stop.reason)
