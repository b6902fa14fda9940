"""Many approvals asked for at once: a worker signs them one by one, each as if its own page had been opened.

Each item is a transaction of its own: the bulk's row, then the subject's lock, then the review's rows. The outcome is
written in the transaction of the approval, so a worker that dies has either done an item or not, and the next goes on
behind it. Whoever holds the bulk's row counts; a worker whose lease was taken finds that and leaves.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q

from campaigns.approvals.bulk_models import Bulk, BulkItem
from campaigns.approvals.bulk_rules import (
    AT_MOST,
    BulkGoesOn,
    BulkIsOver,
    ItemFailed,
    NothingChosen,
    TooManyChosen,
)
from campaigns.approvals.bulk_selectors import bulk_in_scope
from campaigns.approvals.moves import person_of
from campaigns.approvals.people import DECIDE, chairs_of
from campaigns.approvals.selectors import revisions_within
from campaigns.approvals.services.reviews import approve_revision
from campaigns.audit.services import record
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotAllowed, NotFound, Refusal
from campaigns.tenants.scopes import Scope, opened, system
from campaigns.tenants.search import AnyOf

TASK = "approvals.run_bulks"
LEASE = timedelta(minutes=1)

State, Outcome = Bulk.State, BulkItem.Outcome
log = logging.getLogger(__name__)

# (kind of scope, what it carries, at) -> that scope, not opened yet.
Reopen = Callable[[str, dict[str, Any], datetime], Scope]


def ask_bulk_approval(*, scope: Scope, chosen: Sequence[tuple[UUID, str]], comment: str = "") -> Bulk:
    """Have these reviews approved, each with the hash that was seen on the list: (revision, SHA-256).

    Only what cannot be for any of them is refused here; what speaks against one is found at its turn and stands in its
    item. Raises NothingChosen, TooManyChosen, NotFound when one lies outside the scope, NotAllowed, NobodyActs.
    """
    person_id = person_of(scope)
    if not chairs_of(scope):
        raise NotAllowed(verb=DECIDE)
    seen = dict(chosen)
    if not seen:
        raise NothingChosen
    if len(seen) > AT_MOST:
        raise TooManyChosen(at_most=AT_MOST)
    found = revisions_within(scope=scope).filter(AnyOf(F("pk"), list(seen))).values_list("pk", "title")
    titles: dict[UUID, str] = dict(found)
    if len(titles) < len(seen):
        raise NotFound
    bulk: Bulk = Bulk.objects.create(
        branch_id=scope.branch_id,
        branch_pos=scope.branch_pos,
        person_id=person_id,
        person_name=scope.facts.actor_name,
        opened_as={"kind": scope.kind, "carry": scope.carry},
        comment=comment.strip(),
        total=len(seen),
        at=scope.at,
    )
    BulkItem.objects.bulk_create(
        BulkItem(
            branch_id=bulk.branch_id,
            branch_pos=bulk.branch_pos,
            bulk=bulk,
            revision_id=revision_id,
            number=number,
            sha256=sha256,
            title=titles[revision_id],
        )
        for number, (revision_id, sha256) in enumerate(seen.items(), start=1)
    )
    _note(scope, bulk, "ask", count=bulk.total, comment=bulk.comment)
    _nudge()
    return bulk


def stop_bulk(*, scope: Scope, bulk_id: UUID | str) -> Bulk:
    """Let no further item begin; what was approved stays. Raises NotFound, BulkIsOver."""
    bulk = bulk_in_scope(scope=scope, bulk_id=bulk_id, lock=True)
    if bulk.is_over:
        raise BulkIsOver
    _change(scope, bulk, state=State.STOPPED, attempt=None, lease_until=None, ended_at=scope.at, why_not={})
    _note(scope, bulk, "stop", done=bulk.done, count=bulk.total)
    return bulk


def resume_bulk(*, scope: Scope, bulk_id: UUID | str) -> Bulk:
    """Go on with what is left, as who acts now and from where. Raises NotFound, BulkGoesOn."""
    bulk = bulk_in_scope(scope=scope, bulk_id=bulk_id, lock=True)
    if bulk.state != State.STOPPED:
        raise BulkGoesOn
    opened_as = {"kind": scope.kind, "carry": scope.carry}
    _change(scope, bulk, state=State.WAITING, ended_at=None, why_not={}, opened_as=opened_as)
    _note(scope, bulk, "resume", done=bulk.done, count=bulk.total)
    _nudge()
    return bulk


@dataclass(frozen=True, slots=True)
class _Taken:
    """One bulk approval in one run."""

    bulk_id: UUID
    attempt: UUID
    opened_as: dict[str, Any]
    comment: str


def run_waiting(*, scope: Scope, reopen: Reopen, clock: Callable[[], datetime]) -> bool:
    """Carry out the bulk approval that has waited longest, or whose worker died; returns whether there was one.

    `scope` is the system's and not open: each item opens the person's own, in a transaction of its own.
    """
    scope.demand(DECIDE)
    taken = _take(clock())
    if taken is None:
        return False
    try:
        while _run_next(taken, reopen(taken.opened_as["kind"], taken.opened_as["carry"], clock())):
            pass
    except Refusal as refusal:
        # Who asked may not any more: nothing of it is theirs to sign.
        _stop(taken, refusal, clock())
    return True


def _take(at: datetime) -> _Taken | None:
    with opened(system(at=at, cause=TASK)) as scope:
        waiting = Q(state=State.WAITING) | Q(state=State.RUNNING, lease_until__lte=at)
        free = Bulk.objects.within(scope).filter(waiting).order_by("id")
        bulk = free.select_for_update(skip_locked=True, no_key=True).first()
        if bulk is None:
            return None
        taken = _Taken(bulk.pk, new_id(), bulk.opened_as, bulk.comment)
        _change(scope, bulk, state=State.RUNNING, attempt=taken.attempt, lease_until=at + LEASE)
        return taken


def _run_next(taken: _Taken, scope: Scope) -> bool:
    """Settle the next item in a transaction; False when there is none left, or the bulk is no longer ours.

    Raises what says no to the person and not to the item: ScopeClosed, NotAllowed.
    """
    with opened(scope):
        ours = Bulk.objects.within(scope).filter(pk=taken.bulk_id, attempt=taken.attempt, state=State.RUNNING)
        bulk = ours.select_for_update(no_key=True).first()
        if bulk is None:
            return False
        item = BulkItem.objects.within(scope).filter(bulk=bulk, outcome=Outcome.WAITING).first()
        if item is None:
            _change(scope, bulk, state=State.DONE, attempt=None, lease_until=None, ended_at=scope.at)
            _note(scope, bulk, "finish", count=bulk.total, approved=bulk.approved)
            return False
        refusal = _approve(scope, item, taken.comment)
        words = {"zh": refusal.detail("zh"), "en": refusal.detail("en")} if refusal else {}
        BulkItem.objects.within(scope).filter(pk=item.pk, outcome=Outcome.WAITING).update(
            outcome=Outcome.REFUSED if refusal else Outcome.APPROVED,
            code=refusal.code if refusal else "",
            words=words,
            at=scope.at,
        )
        approved = bulk.approved + (refusal is None)
        _change(scope, bulk, done=bulk.done + 1, approved=approved, lease_until=scope.at + LEASE)
        return True


def _approve(scope: Scope, item: BulkItem, comment: str) -> Refusal | None:
    """Why it was not approved, or None. Raises NotAllowed when nothing would be."""
    try:
        with transaction.atomic():
            approve_revision(scope=scope, revision_id=item.revision_id, sha256=item.sha256, comment=comment)
    except NotAllowed as refusal:
        if refusal.values.get("verb") == DECIDE:
            raise
        return refusal
    except Refusal as refusal:
        return refusal
    except (OperationalError, InterfaceError):
        # The database itself has trouble: the item stays as it is, and whoever takes the bulk up next tries again.
        raise
    except Exception:
        log.exception("bulk approval %s: item %s failed", item.bulk_id, item.pk)
        return ItemFailed()
    return None


def _stop(taken: _Taken, refusal: Refusal, at: datetime) -> None:
    with opened(system(at=at, cause=TASK)) as scope:
        bulk = Bulk.objects.within(scope).select_for_update(no_key=True).get(pk=taken.bulk_id)
        if bulk.attempt == taken.attempt:
            words = {"zh": refusal.detail("zh"), "en": refusal.detail("en")}
            _change(
                scope, bulk, state=State.STOPPED, attempt=None, lease_until=None, ended_at=at, why_not=words
            )
            _note(scope, bulk, "stop", done=bulk.done, count=bulk.total, reason=words["zh"])


def _change(scope: Scope, bulk: Bulk, **values: Any) -> None:
    """Write to a bulk whose row is locked."""
    Bulk.objects.within(scope).filter(pk=bulk.pk).update(**values)
    for name, value in values.items():
        setattr(bulk, name, value)


def _nudge() -> None:
    # The timetable's sweep finds the row as well.
    transaction.on_commit(lambda: current_app.send_task(TASK, retry=False), robust=True)


def _note(scope: Scope, bulk: Bulk, verb: str, **detail: Any) -> None:
    record(
        scope=scope,
        verb=f"approvals.bulk.{verb}",
        subject=ref("approvals.bulk", bulk.pk),
        branch_id=bulk.branch_id,
        branch_pos=bulk.branch_pos,
        **detail,
    )
