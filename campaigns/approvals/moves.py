"""What every verb of a review shares: its lock, its guarded move, its line in the audit."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connections

from campaigns.approvals.clockwork import follow_state
from campaigns.approvals.kinds import Kind, kind_of
from campaigns.approvals.models import Revision
from campaigns.approvals.rules import NobodyActs, RefersToNothing, ReviewIsClosed, WordsAreMissing
from campaigns.approvals.selectors import revisions_within
from campaigns.audit.services import record
from campaigns.lib.refs import read_ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope


def open_revision(scope: Scope, revision_id: UUID) -> Revision:
    """The revision, locked and still in review. Raises NotFound, ReviewIsClosed."""
    subjects = revisions_within(scope=scope).filter(pk=revision_id).values_list("subject", flat=True)
    subject = subjects.order_by().first()
    if subject is None:
        raise NotFound
    lock(scope, subject)
    revision: Revision = Revision.objects.within(scope).select_for_update(no_key=True).get(pk=revision_id)
    if not revision.is_open:
        raise ReviewIsClosed(number=revision.number, state=revision.state_label)
    return revision


def move(scope: Scope, revision: Revision, to: str) -> None:
    """One guarded move; the condition rides in the WHERE, the table of moves in a trigger."""
    moved = (
        Revision.objects.within(scope)
        .filter(pk=revision.pk, state=revision.state)
        .update(state=to, decided_at=scope.at)
    )
    if not moved:
        raise ReviewIsClosed(number=revision.number, state=revision.state_label)
    before, revision.state, revision.decided_at = revision.state, to, scope.at
    follow_state(scope, revision, before)


def shift(scope: Scope, revision: Revision, to: str) -> bool:
    """A move that the clock makes and nobody decides; whether it was still to be made."""
    moved = Revision.objects.within(scope).filter(pk=revision.pk, state=revision.state).update(state=to) > 0
    if moved:
        before, revision.state = revision.state, to
        follow_state(scope, revision, before)
    return moved


def window_of(kind: Kind, payload: Mapping[str, Any]) -> dict[str, datetime | None]:
    """The columns of a revision that say when customers see it, by its kind's window; empty without one."""
    first, last = kind.window(payload) if kind.window else (None, None)
    return {"shown_from": first, "shown_until": last}


def thing_of(subject: str) -> tuple[Kind, UUID]:
    """The kind and the id that a reference names. Raises NotFound."""
    try:
        found = read_ref(subject)
        return kind_of(found.kind), UUID(found.id)
    except ValueError:
        raise NotFound from None


def person_of(scope: Scope) -> UUID:
    """Who acts. Raises NobodyActs for the system."""
    if scope.person_id is None:
        raise NobodyActs
    return scope.person_id


def words_of(comment: str) -> str:
    """The words. Raises WordsAreMissing."""
    if not comment.strip():
        raise WordsAreMissing
    return comment


@contextmanager
def referring_to(what: str) -> Iterator[None]:
    """For `Kind.restore`: what is not found in the block is something that the payload refers to, named `what`."""
    try:
        yield
    except NotFound as refusal:
        raise RefersToNothing(what=what) from refusal


def lock(scope: Scope, subject: str) -> None:
    """One writer at a time for each thing under review, until the transaction ends."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [subject])


def broken(error: IntegrityError) -> str:
    """The name of the constraint that refused."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""


def lock_if_free(scope: Scope, subject: str) -> bool:
    """As `lock`, without waiting: False while somebody else writes. For sweeps, which come again."""
    with connections[scope.using].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [subject])
        return bool(cursor.fetchone()[0])


def note(scope: Scope, revision: Revision, verb: str, **detail: Any) -> None:
    """One line in the audit."""
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
