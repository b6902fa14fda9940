"""What every verb of a review shares: its lock, its guarded move, its line in the audit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connections

from campaigns.approvals.kinds import Kind, kind_of
from campaigns.approvals.models import Revision
from campaigns.approvals.rules import NobodyActs, RefersToNothing, ReviewIsClosed, WordsAreMissing
from campaigns.audit.services import record
from campaigns.lib.refs import read_ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope


def move(scope: Scope, revision: Revision, to: str) -> None:
    """One guarded move; the condition rides in the WHERE, the table of moves in a trigger."""
    moved = (
        Revision.objects.within(scope)
        .filter(pk=revision.pk, state=revision.state)
        .update(state=to, decided_at=scope.at)
    )
    if not moved:
        raise ReviewIsClosed(number=revision.number, state=revision.get_state_display())
    revision.state, revision.decided_at = to, scope.at


def thing_of(subject: str) -> tuple[Kind, UUID]:
    try:
        found = read_ref(subject)
        return kind_of(found.kind), UUID(found.id)
    except ValueError:
        raise NotFound from None


def person_of(scope: Scope) -> UUID:
    if scope.person_id is None:
        raise NobodyActs
    return scope.person_id


def words_of(comment: str) -> str:
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


def note(scope: Scope, revision: Revision, verb: str, **detail: Any) -> None:
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
