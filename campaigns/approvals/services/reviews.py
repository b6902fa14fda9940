"""Submit, sign, send back, withdraw, void: the run of a review.

Locks go in one order: the subject's advisory lock, then its rows. Every writer of a submitted thing calls
`void_review` before its first write, so an edit and an approval never wait for each other crosswise.
"""

from collections.abc import Collection
from dataclasses import asdict
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max

from campaigns.approvals.flow import begin_again, close, lay_steps, open_next, pass_if_signed
from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import Decision, Revision, Step
from campaigns.approvals.moves import (
    broken,
    lock,
    move,
    note,
    open_revision,
    person_of,
    thing_of,
    window_of,
    words_of,
)
from campaigns.approvals.policy_selectors import policies_on_line
from campaigns.approvals.rules import (
    NoSuchStep,
    NothingHasChanged,
    NotReady,
    NotYours,
    ReferenceHasChanged,
    ReviewIsOpen,
    RevisionHasChanged,
    canonical,
    hash_of,
)
from campaigns.approvals.selectors import live_and_scheduled, open_review_of
from campaigns.approvals.services.findings import examine, keep_findings, settle_findings
from campaigns.approvals.services.live import go_live
from campaigns.approvals.signing import Place, place_to_sign
from campaigns.approvals.telling import tell_makers
from campaigns.tenants.scopes import Scope

State, Verdict = Revision.State, Decision.Verdict


def submit_revision(*, scope: Scope, subject: str) -> Revision:
    """Freeze the thing that `subject` refers to ("content.item:0198…") and put it in review.

    Demands `<kind>.submit`. Raises NotFound, NotReady (what is missing), ReviewIsOpen, NothingHasChanged when
    the same is live already, NotCompliant (what a check forbids), NobodyCanReview when a step of its policies has no
    people, NobodyActs for a task of the system.
    """
    kind, subject_id = thing_of(subject)
    scope.demand(f"{kind.code}.submit")
    person_id = person_of(scope)
    lock(scope, subject)
    frozen = kind.freeze(scope, subject_id)
    if frozen.missing:
        raise NotReady(missing="、".join(frozen.missing))
    payload = canonical({**frozen.payload, "refers": frozen.refers} if frozen.refers else frozen.payload)
    sha256 = hash_of(subject=subject, title=frozen.title, payload=payload)
    live, waiting = live_and_scheduled(scope=scope, subject=subject)
    latest = waiting or live  # what waits for its time is what will be live
    if latest is not None and latest.sha256 == sha256:
        raise NothingHasChanged
    facts = kind.facts(scope, frozen)
    policies = policies_on_line(scope=scope, branch_id=frozen.branch_id)
    severities = policies.severities(kind=kind.code, facts=facts)
    found = examine(scope=scope, kind=kind, frozen=frozen, facts=facts, severities=severities)
    last = Revision.objects.within(scope).filter(subject=subject).aggregate(Max("number"))["number__max"]
    try:
        with transaction.atomic():
            revision: Revision = Revision.objects.create(
                branch_id=frozen.branch_id,
                branch_pos=frozen.branch_pos,
                kind=kind.code,
                subject=subject,
                title=frozen.title,
                number=(last or 0) + 1,
                payload=payload,
                sha256=sha256,
                facts=asdict(facts),
                author_id=person_id,
                author_name=scope.facts.actor_name,
                submitted_at=scope.at,
                due_at=scope.at,
                **window_of(kind, payload),
            )
            lay_steps(scope, revision, policies.route(kind=kind.code, facts=facts))
    except IntegrityError as error:
        if broken(error) == "approvals_revision_subject_has_one_open_review":
            raise ReviewIsOpen from error
        raise
    keep_findings(scope=scope, revision=revision, found=found)
    note(scope, revision, f"{kind.code}.submit")
    return revision


def withdraw_revision(*, scope: Scope, revision_id: UUID) -> Revision:
    """Take one's own revision out of review. Raises NotFound, ReviewIsClosed, NotYours."""
    scope.demand("approvals.revision.withdraw")
    revision = open_revision(scope, revision_id)
    if not revision.is_by(person_of(scope)):
        raise NotYours
    close(scope, revision)
    move(scope, revision, State.WITHDRAWN)
    note(scope, revision, "approvals.revision.withdraw")
    return revision


def void_review(*, scope: Scope, subject: str) -> bool:
    """End the open review of a thing that is about to be edited; whether there was one.

    Services call it before their first write to the thing, in the same transaction.
    """
    lock(scope, subject)
    revision = open_review_of(scope=scope, subject=subject)
    if revision is None:
        return False
    close(scope, revision)
    move(scope, revision, State.SUPERSEDED)
    note(scope, revision, "approvals.revision.void")
    return True


def approve_revision(
    *, scope: Scope, revision_id: UUID, sha256: str, comment: str = "", acknowledged: Collection[UUID] = ()
) -> Revision:
    """Sign the open step for what was seen (`sha256`). With the last step the thing goes live, in one transaction.

    `acknowledged`: the findings that the signer lets stand. Raises NotFound, ReviewIsClosed, RevisionHasChanged,
    ReferenceHasChanged, MakerIsChecker, NotYourTurn, AlreadySigned, FindingsAreOpen when one is left, NobodyActs.
    """
    revision, place = place_to_sign(scope, revision_id)
    _decide(scope, revision, place, Verdict.APPROVE, sha256, comment, acknowledged)
    note(
        scope, revision, "approvals.revision.approve", comment=comment, step=place.step.title, **place.behalf
    )
    if pass_if_signed(scope, revision, place.step) and open_next(scope, revision) is None:
        go_live(scope=scope, revision=revision)
        tell_makers(scope=scope, revision=revision, code="approved", comment=comment)
    return revision


def reject_revision(*, scope: Scope, revision_id: UUID, sha256: str, comment: str) -> Revision:
    """Refuse a revision for good. Raises as `approve_revision`, and WordsAreMissing without a comment."""
    revision, place = place_to_sign(scope, revision_id)
    _decide(scope, revision, place, Verdict.REJECT, sha256, words_of(comment))
    close(scope, revision)
    move(scope, revision, State.REJECTED)
    note(scope, revision, "approvals.revision.reject", comment=comment, step=place.step.title, **place.behalf)
    tell_makers(scope=scope, revision=revision, code="rejected", comment=comment)
    return revision


def send_back_revision(*, scope: Scope, revision_id: UUID, sha256: str, comment: str) -> Revision:
    """Give a revision back to its maker with words. Raises as `reject_revision`."""
    revision, place = place_to_sign(scope, revision_id)
    _decide(scope, revision, place, Verdict.SEND_BACK, sha256, words_of(comment))
    close(scope, revision)
    move(scope, revision, State.SENT_BACK)
    note(
        scope,
        revision,
        "approvals.revision.send_back",
        comment=comment,
        step=place.step.title,
        **place.behalf,
    )
    tell_makers(scope=scope, revision=revision, code="sent_back", comment=comment)
    return revision


def send_back_to_step(
    *, scope: Scope, revision_id: UUID, step_id: UUID, sha256: str, comment: str
) -> Revision:
    """Send a review back to a step it has passed: that one and all after it are decided anew.

    Raises as `reject_revision`, and NoSuchStep for a step that was not passed.
    """
    words_of(comment)
    revision, place = place_to_sign(scope, revision_id)
    target = (
        Step.objects.within(scope)
        .filter(revision=revision, pk=step_id, state__in=[Step.State.PASSED, Step.State.SKIPPED])
        .first()
    )
    if target is None:
        raise NoSuchStep
    _decide(scope, revision, place, Verdict.STEP_BACK, sha256, comment)
    revision.round += 1
    Revision.objects.within(scope).filter(pk=revision.pk).update(round=revision.round)
    begin_again(scope, revision, target)
    note(scope, revision, "approvals.revision.step_back", comment=comment, step=target.title, **place.behalf)
    return revision


def _decide(
    scope: Scope,
    revision: Revision,
    place: Place,
    verdict: str,
    sha256: str,
    comment: str,
    acknowledged: Collection[UUID] = (),
) -> None:
    """Write the decision of somebody who sits at `place`, on what he saw."""
    whole = hash_of(subject=revision.subject, title=revision.title, payload=revision.payload)
    if not revision.sha256 == sha256 == whole:
        raise RevisionHasChanged
    if verdict == Verdict.APPROVE:
        _check_references(scope, revision)
        settle_findings(scope=scope, revision=revision, acknowledged=acknowledged)
    Decision.objects.create(
        branch_id=revision.branch_id,
        branch_pos=revision.branch_pos,
        revision=revision,
        step=place.step,
        seat=place.seat,
        round=revision.round,
        person_id=person_of(scope),
        person_name=scope.facts.actor_name,
        for_person_id=None if place.chair.is_own else place.chair.person_id,
        for_person_name="" if place.chair.is_own else place.chair.person_name,
        verdict=verdict,
        comment=comment.strip(),
        sha256=sha256,
        at=scope.at,
    )


def _check_references(scope: Scope, revision: Revision) -> None:
    """What the payload points to must still be what the reviewer sees."""
    refers = revision.payload.get("refers")
    if refers:
        kind, subject_id = kind_of(revision.kind), thing_of(revision.subject)[1]
        if dict(kind.freeze(scope, subject_id).refers) != refers:
            raise ReferenceHasChanged
