"""Submit, decide, withdraw, void: the run of a review.

Locks go in one order: the subject's advisory lock, then its rows. Every writer of a submitted thing calls
`void_review` before its first write, so an edit and an approval never wait for each other crosswise.
"""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max

from campaigns.approvals.models import Decision, Revision
from campaigns.approvals.moves import lock, move, note, person_of, thing_of, words_of
from campaigns.approvals.rules import (
    MakerIsChecker,
    NothingHasChanged,
    NotReady,
    NotYours,
    ReviewIsClosed,
    ReviewIsOpen,
    RevisionHasChanged,
    canonical,
    due_at,
    hash_of,
    is_through,
    steps_for,
)
from campaigns.approvals.selectors import live_revision_of, open_review_of, revision_in_scope
from campaigns.approvals.services.live import go_live
from campaigns.approvals.telling import tell_makers
from campaigns.tenants.scopes import Scope

State, Verdict = Revision.State, Decision.Verdict


def submit_revision(*, scope: Scope, subject: str) -> Revision:
    """Freeze the thing that `subject` refers to ("content.item:0198…") and put it in review.

    Demands `<kind>.submit`. Raises NotFound, NotReady (what is missing), ReviewIsOpen, NothingHasChanged when
    the same is live already, NobodyActs for a task of the system.
    """
    kind, subject_id = thing_of(subject)
    scope.demand(f"{kind.code}.submit")
    person_id = person_of(scope)
    lock(scope, subject)
    frozen = kind.freeze(scope, subject_id)
    if frozen.missing:
        raise NotReady(missing="、".join(frozen.missing))
    payload = canonical(frozen.payload)
    sha256 = hash_of(subject=subject, title=frozen.title, payload=payload)
    live = live_revision_of(scope=scope, subject=subject)
    if live is not None and live.sha256 == sha256:
        raise NothingHasChanged
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
                author_id=person_id,
                author_name=scope.facts.actor_name,
                submitted_at=scope.at,
                due_at=due_at(submitted_at=scope.at),
            )
    except IntegrityError as error:
        if _broken(error) == "approvals_revision_subject_has_one_open_review":
            raise ReviewIsOpen from error
        raise
    note(scope, revision, f"{kind.code}.submit")
    return revision


def withdraw_revision(*, scope: Scope, revision_id: UUID) -> Revision:
    """Take one's own revision out of review. Raises NotFound, ReviewIsClosed, NotYours."""
    scope.demand("approvals.revision.withdraw")
    revision = _open_revision(scope, revision_id)
    if not revision.is_by(person_of(scope)):
        raise NotYours
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
    move(scope, revision, State.SUPERSEDED)
    note(scope, revision, "approvals.revision.void")
    return True


def approve_revision(*, scope: Scope, revision_id: UUID, sha256: str, comment: str = "") -> Revision:
    """Approve what was seen (`sha256`). With the last step the thing goes live, in the same transaction.

    Raises NotFound, ReviewIsClosed, RevisionHasChanged, MakerIsChecker, NobodyActs.
    """
    revision = _decide(scope, revision_id, Verdict.APPROVE, sha256, comment)
    approvers = list(
        Decision.objects.within(scope)
        .filter(revision=revision, verdict=Verdict.APPROVE)
        .values_list("person_id", flat=True)
    )
    if is_through(steps=steps_for(revision), approvers=approvers):
        go_live(scope=scope, revision=revision)
        tell_makers(scope=scope, revision=revision, code="approved", comment=comment)
    note(scope, revision, "approvals.revision.approve", comment=comment)
    return revision


def reject_revision(*, scope: Scope, revision_id: UUID, sha256: str, comment: str) -> Revision:
    """Refuse a revision for good. Raises as `approve_revision`, and WordsAreMissing without a comment."""
    revision = _decide(scope, revision_id, Verdict.REJECT, sha256, words_of(comment))
    move(scope, revision, State.REJECTED)
    note(scope, revision, "approvals.revision.reject", comment=comment)
    tell_makers(scope=scope, revision=revision, code="rejected", comment=comment)
    return revision


def send_back_revision(*, scope: Scope, revision_id: UUID, sha256: str, comment: str) -> Revision:
    """Give a revision back to its maker with words. Raises as `reject_revision`."""
    revision = _decide(scope, revision_id, Verdict.SEND_BACK, sha256, words_of(comment))
    move(scope, revision, State.SENT_BACK)
    note(scope, revision, "approvals.revision.send_back", comment=comment)
    tell_makers(scope=scope, revision=revision, code="sent_back", comment=comment)
    return revision


def _decide(scope: Scope, revision_id: UUID, verdict: str, sha256: str, comment: str) -> Revision:
    """Write the decision, after every condition was checked under the lock."""
    for step in steps_for(None):
        scope.demand(step.verb)
    person_id = person_of(scope)
    revision = _open_revision(scope, revision_id)
    if revision.is_by(person_id):
        raise MakerIsChecker
    whole = hash_of(subject=revision.subject, title=revision.title, payload=revision.payload)
    if not revision.sha256 == sha256 == whole:
        raise RevisionHasChanged
    Decision.objects.create(
        branch_id=revision.branch_id,
        branch_pos=revision.branch_pos,
        revision=revision,
        person_id=person_id,
        person_name=scope.facts.actor_name,
        verdict=verdict,
        comment=comment.strip(),
        sha256=sha256,
        at=scope.at,
    )
    return revision


def _open_revision(scope: Scope, revision_id: UUID) -> Revision:
    """The revision, locked and still in review."""
    lock(scope, revision_in_scope(scope=scope, revision_id=revision_id).subject)
    revision: Revision = Revision.objects.within(scope).select_for_update(no_key=True).get(pk=revision_id)
    if not revision.is_open:
        raise ReviewIsClosed(number=revision.number, state=revision.get_state_display())
    return revision


def _broken(error: IntegrityError) -> str:
    """The name of the constraint that refused."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
