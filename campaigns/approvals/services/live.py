"""What customers see: going live and being taken down."""

from django.db.models import F

from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import Decision, Revision, Step
from campaigns.approvals.moves import lock, move, note, thing_of, words_of
from campaigns.approvals.rules import KeeperHasSigned, NothingIsLive, NotThrough, ReviewIsClosed
from campaigns.approvals.selectors import live_revision_of
from campaigns.tenants.scopes import Scope

State = Revision.State


def take_down(*, scope: Scope, subject: str, reason: str) -> Revision:
    """Remove the published copy at once; one person suffices, going live again needs two.

    Demands `<kind>.take_down`. Raises NotFound, NothingIsLive, WordsAreMissing without a reason.
    """
    kind, subject_id = thing_of(subject)
    scope.demand(f"{kind.code}.take_down")
    words_of(reason)
    lock(scope, subject)
    kind.freeze(scope, subject_id)  # a foreign thing answers like an absent one
    live = live_revision_of(scope=scope, subject=subject)
    if live is None:
        raise NothingIsLive
    kind.take_down(scope, subject_id)
    move(scope, live, State.TAKEN_DOWN)
    note(scope, live, f"{kind.code}.take_down", reason=reason)
    return live


def go_live(*, scope: Scope, revision: Revision) -> None:
    """Put an approved revision in the place of what was live. Called when the last step of its review is through.

    Raises ReviewIsClosed, NotThrough, and KeeperHasSigned when a signer has come to answer for it since.
    """
    _check(scope, revision)
    before = live_revision_of(scope=scope, subject=revision.subject)
    if before is not None:
        move(scope, before, State.SUPERSEDED)
    move(scope, revision, State.APPROVED)
    kind_of(revision.kind).go_live(scope, revision)


def _check(scope: Scope, revision: Revision) -> None:
    if not revision.is_open:
        raise ReviewIsClosed(number=revision.number, state=revision.get_state_display())
    steps = Step.objects.within(scope).filter(revision=revision)
    if {step.state for step in steps} - {Step.State.PASSED, Step.State.SKIPPED} or not steps:
        raise NotThrough
    for decision in Decision.objects.within(scope).filter(
        step__in=steps, verdict=Decision.Verdict.APPROVE, round__gte=F("step__since")
    ):
        if revision.is_by(decision.person_id) or revision.is_by(decision.for_person_id):
            raise KeeperHasSigned(name=decision.person_name)
