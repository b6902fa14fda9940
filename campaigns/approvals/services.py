"""Submit, decide, withdraw, take down: the only writers of revisions and decisions.

Locks go in one order: the subject's advisory lock, then its rows. Every writer of a submitted thing calls
`void_review` before its first write, so an edit and an approval never wait for each other crosswise.
"""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, connections, transaction
from django.db.models import Max

from campaigns.approvals.kinds import Kind, kind_of
from campaigns.approvals.models import Decision, Revision
from campaigns.approvals.rules import (
    MakerIsChecker,
    NobodyActs,
    NothingHasChanged,
    NothingIsLive,
    NotReady,
    NotYours,
    ReviewIsClosed,
    ReviewIsOpen,
    RevisionHasChanged,
    WordsAreMissing,
    canonical,
    due_at,
    hash_of,
    is_through,
    steps_for,
)
from campaigns.approvals.selectors import live_revision_of, open_review_of, revision_in_scope
from campaigns.audit.services import record
from campaigns.lib.refs import read_ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope

State, Verdict = Revision.State, Decision.Verdict


def submit_revision(*, scope: Scope, subject: str) -> Revision:
    """Freeze the thing that `subject` refers to ("content.item:0198…") and put it in review.

    Demands `<kind>.submit`. Raises NotFound, NotReady (what is missing), ReviewIsOpen, NothingHasChanged when
    the same is live already, NobodyActs for a task of the system.
    """
    kind, subject_id = _thing(subject)
    scope.demand(f"{kind.code}.submit")
    person_id = _person(scope)
    _lock(scope, subject)
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
    _note(scope, revision, f"{kind.code}.submit")
    return revision


def withdraw_revision(*, scope: Scope, revision_id: UUID) -> Revision:
    """Take one's own revision out of review. Raises NotFound, ReviewIsClosed, NotYours."""
    scope.demand("approvals.revision.withdraw")
    revision = _open_revision(scope, revision_id)
    if not revision.is_by(_person(scope)):
        raise NotYours
    _move(scope, revision, State.WITHDRAWN)
    _note(scope, revision, "approvals.revision.withdraw")
    return revision


def void_review(*, scope: Scope, subject: str) -> bool:
    """End the open review of a thing that is about to be edited; whether there was one.

    Services call it before their first write to the thing, in the same transaction.
    """
    _lock(scope, subject)
    revision = open_review_of(scope=scope, subject=subject)
    if revision is None:
        return False
    _move(scope, revision, State.SUPERSEDED)
    _note(scope, revision, "approvals.revision.void")
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
        _go_live(scope, revision)
    _note(scope, revision, "approvals.revision.approve", comment=comment)
    return revision


def reject_revision(*, scope: Scope, revision_id: UUID, sha256: str, comment: str) -> Revision:
    """Refuse a revision for good. Raises as `approve_revision`, and WordsAreMissing without a comment."""
    revision = _decide(scope, revision_id, Verdict.REJECT, sha256, _words(comment))
    _move(scope, revision, State.REJECTED)
    _note(scope, revision, "approvals.revision.reject", comment=comment)
    return revision


def send_back_revision(*, scope: Scope, revision_id: UUID, sha256: str, comment: str) -> Revision:
    """Give a revision back to its maker with words. Raises as `reject_revision`."""
    revision = _decide(scope, revision_id, Verdict.SEND_BACK, sha256, _words(comment))
    _move(scope, revision, State.SENT_BACK)
    _note(scope, revision, "approvals.revision.send_back", comment=comment)
    return revision


def take_down(*, scope: Scope, subject: str, reason: str) -> Revision:
    """Remove the published copy at once; one person suffices, going live again needs two.

    Demands `<kind>.take_down`. Raises NotFound, NothingIsLive, WordsAreMissing without a reason.
    """
    kind, subject_id = _thing(subject)
    scope.demand(f"{kind.code}.take_down")
    _words(reason)
    _lock(scope, subject)
    kind.freeze(scope, subject_id)  # a foreign thing answers like an absent one
    live = live_revision_of(scope=scope, subject=subject)
    if live is None:
        raise NothingIsLive
    kind.take_down(scope, subject_id)
    _move(scope, live, State.TAKEN_DOWN)
    _note(scope, live, f"{kind.code}.take_down", reason=reason)
    return live


def _go_live(scope: Scope, revision: Revision) -> None:
    before = live_revision_of(scope=scope, subject=revision.subject)
    if before is not None:
        _move(scope, before, State.SUPERSEDED)
    _move(scope, revision, State.APPROVED)
    kind_of(revision.kind).go_live(scope, revision)


def _decide(scope: Scope, revision_id: UUID, verdict: str, sha256: str, comment: str) -> Revision:
    """Write the decision, after every condition was checked under the lock."""
    for step in steps_for(None):
        scope.demand(step.verb)
    person_id = _person(scope)
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
    _lock(scope, revision_in_scope(scope=scope, revision_id=revision_id).subject)
    revision: Revision = Revision.objects.within(scope).select_for_update(no_key=True).get(pk=revision_id)
    if not revision.is_open:
        raise ReviewIsClosed(number=revision.number, state=revision.get_state_display())
    return revision


def _move(scope: Scope, revision: Revision, to: str) -> None:
    """One guarded move; the condition rides in the WHERE, the table of moves in a trigger."""
    moved = (
        Revision.objects.within(scope)
        .filter(pk=revision.pk, state=revision.state)
        .update(state=to, decided_at=scope.at)
    )
    if not moved:
        raise ReviewIsClosed(number=revision.number, state=revision.get_state_display())
    revision.state, revision.decided_at = to, scope.at


def _thing(subject: str) -> tuple[Kind, UUID]:
    try:
        found = read_ref(subject)
        return kind_of(found.kind), UUID(found.id)
    except ValueError:
        raise NotFound from None


def _person(scope: Scope) -> UUID:
    if scope.person_id is None:
        raise NobodyActs
    return scope.person_id


def _words(comment: str) -> str:
    if not comment.strip():
        raise WordsAreMissing
    return comment


def _lock(scope: Scope, subject: str) -> None:
    """One writer at a time for each thing under review, until the transaction ends."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [subject])


def _broken(error: IntegrityError) -> str:
    """The name of the constraint that refused."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""


def _note(scope: Scope, revision: Revision, verb: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=revision.subject,
        subject_name=revision.title,
        branch_id=revision.branch_id,
        branch_pos=revision.branch_pos,
        revision=str(revision.pk),
        number=revision.number,
        sha256=revision.sha256,
        **detail,
    )
