"""What the clock does to approved things. Any number of workers may run it together: a subject that somebody else
writes just now is left for the next time.
"""

from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db import transaction

from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import Revision
from campaigns.approvals.moves import lock_if_free, move, note, shift, thing_of
from campaigns.approvals.rules import hash_of
from campaigns.approvals.selectors import live_revision_of, revisions_within
from campaigns.approvals.services.live import demand_not_stopped
from campaigns.approvals.stop_rules import IsStopped
from campaigns.lib.refusals import Refusal
from campaigns.tenants.scopes import Scope

log = structlog.get_logger(__name__)
State = Revision.State


@dataclass(frozen=True, slots=True)
class Served:
    """How many went live, and how many ended."""

    live: int
    ended: int


def keep_times(*, scope: Scope, limit: int = 200) -> Served:
    """Both of the below: what one turn of the timetable calls."""
    return Served(go_live_due(scope=scope, limit=limit), end_over(scope=scope, limit=limit))


def go_live_due(*, scope: Scope, limit: int = 200) -> int:
    """Put approved revisions live whose time has come; return how many.

    Each in a savepoint of its own, under its subject's lock. What is stopped waits. What its kind refuses (a batch
    that was allotted more than its new quota) stays scheduled, with a line in the log.
    """
    scope.demand("approvals.revision.go_live")
    due = revisions_within(scope=scope).filter(
        state=State.SCHEDULED, shown_from__lte=scope.at, shown_until__gt=scope.at
    )
    done = 0
    for revision_id, subject in due.order_by("shown_from", "id").values_list("pk", "subject"):
        if done >= limit:
            break
        try:
            with transaction.atomic(using=scope.using):
                done += _put_live(scope, revision_id, subject)
        except IsStopped:
            continue
        except Refusal as refusal:
            log.warning("approvals.go_live_refused", subject=subject, code=refusal.code)
    return done


def end_over(*, scope: Scope, limit: int = 200) -> int:
    """End approved revisions whose window is over, and take their copies away; return how many.

    Customers have not seen them since: what is shown is decided by its times.
    """
    scope.demand("approvals.revision.end")
    over = revisions_within(scope=scope).filter(
        state__in=[State.APPROVED, State.SCHEDULED], shown_until__lte=scope.at
    )
    done = 0
    for revision_id, subject in over.order_by("shown_until", "id").values_list("pk", "subject")[:limit]:
        with transaction.atomic(using=scope.using):
            done += _end(scope, revision_id, subject)
    return done


def _locked(scope: Scope, revision_id: UUID, subject: str, *states: str) -> Revision | None:
    """The revision under its subject's lock, if it is still in one of these states and nobody else has it."""
    if not lock_if_free(scope, subject):
        return None
    rows = Revision.objects.within(scope).select_for_update(of=("self",), no_key=True, skip_locked=True)
    found: Revision | None = rows.filter(pk=revision_id, state__in=states).first()
    return found


def _put_live(scope: Scope, revision_id: UUID, subject: str) -> bool:
    revision = _locked(scope, revision_id, subject, State.SCHEDULED)
    if revision is None:
        return False
    if hash_of(subject=subject, title=revision.title, payload=revision.payload) != revision.sha256:
        log.error("approvals.scheduled_was_changed", subject=subject, revision=str(revision.pk))
        return False
    demand_not_stopped(scope=scope, revision=revision)
    before = live_revision_of(scope=scope, subject=subject)
    if before is not None:
        move(scope, before, State.SUPERSEDED)
    if not shift(scope, revision, State.APPROVED):
        return False
    kind_of(revision.kind).go_live(scope, revision)
    note(scope, revision, f"{revision.kind}.go_live")
    return True


def _end(scope: Scope, revision_id: UUID, subject: str) -> bool:
    revision = _locked(scope, revision_id, subject, State.APPROVED, State.SCHEDULED)
    if revision is None:
        return False
    kind, subject_id = thing_of(subject)
    if revision.is_live:
        kind.take_down(scope, subject_id)
    if not shift(scope, revision, State.ENDED):
        return False
    note(scope, revision, "approvals.revision.end")
    return True
