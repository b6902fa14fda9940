"""What the clock does to approved things, each by a due row (clockwork.py). Side by side with people and with other
workers: a subject that somebody else writes just now is asked for again a second later.
"""

from datetime import timedelta
from uuid import UUID

from campaigns.approvals.clockwork import lay_missing
from campaigns.approvals.kinds import kind_of
from campaigns.approvals.models import Revision
from campaigns.approvals.moves import lock_if_free, move, note, shift, thing_of
from campaigns.approvals.rules import ScheduledWasChanged, hash_of
from campaigns.approvals.selectors import live_revision_of, revisions_within
from campaigns.approvals.services.live import demand_not_stopped
from campaigns.approvals.stop_rules import IsStopped
from campaigns.jobs.due_rules import GiveUp, NotYet
from campaigns.tenants.scopes import Scope

__all__ = ["end_over", "lay_missing", "put_live"]

State = Revision.State
# How long until what an emergency stop holds is asked for again.
STOPPED_FOR = timedelta(seconds=15)


def put_live(*, scope: Scope, revision_id: UUID) -> bool:
    """Put an approved revision live whose time has come; False when it no longer waits for it, or its window is over.

    Raises NotYet while somebody else writes to the thing, or an emergency stop holds it; GiveUp when it is not what
    was approved; and what its kind refuses (a batch that was allotted more than its new quota).
    """
    scope.demand("approvals.revision.go_live")
    revision = _locked(scope, revision_id, State.SCHEDULED)
    if revision is None or revision.shown_from is None or revision.shown_until is None:
        return False
    if not revision.shown_from <= scope.at < revision.shown_until:
        return False
    subject = revision.subject
    if hash_of(subject=subject, title=revision.title, payload=revision.payload) != revision.sha256:
        raise GiveUp(ScheduledWasChanged(title=revision.title))
    try:
        demand_not_stopped(scope=scope, revision=revision)
    except IsStopped as refusal:
        raise NotYet(STOPPED_FOR, why=refusal) from refusal
    before = live_revision_of(scope=scope, subject=subject)
    if before is not None:
        move(scope, before, State.SUPERSEDED)
    if not shift(scope, revision, State.APPROVED):
        return False
    kind_of(revision.kind).go_live(scope, revision)
    note(scope, revision, f"{revision.kind}.go_live")
    return True


def end_over(*, scope: Scope, revision_id: UUID) -> bool:
    """End an approved revision whose window is over, and take its copy away; whether it was still to be done.

    Customers have not seen it since: what is shown is decided by its times. Raises NotYet as above.
    """
    scope.demand("approvals.revision.end")
    revision = _locked(scope, revision_id, State.APPROVED, State.SCHEDULED)
    if revision is None or revision.shown_until is None or revision.shown_until > scope.at:
        return False
    kind, subject_id = thing_of(revision.subject)
    if revision.is_live:
        kind.take_down(scope, subject_id)
    if not shift(scope, revision, State.ENDED):
        return False
    note(scope, revision, "approvals.revision.end")
    return True


def _locked(scope: Scope, revision_id: UUID, *states: str) -> Revision | None:
    """The revision under its subject's lock, if still in one of these states. Raises NotYet when that is taken."""
    rows = revisions_within(scope=scope).filter(pk=revision_id, state__in=states)
    subject = rows.values_list("subject", flat=True).order_by().first()
    if subject is None:
        return None
    if not lock_if_free(scope, subject):
        raise NotYet
    found: Revision | None = rows.select_for_update(of=("self",), no_key=True).order_by().first()
    return found
