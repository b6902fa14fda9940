"""What the clock will do to approved things and to late steps: a due row for each, laid with the change that sets the
time and cancelled with the one that takes it away.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from campaigns.approvals.models import Revision, Step
from campaigns.jobs.due_models import Due
from campaigns.jobs.due_rules import both_times
from campaigns.jobs.due_selectors import zone_of_branch
from campaigns.jobs.services.due import Laid, cancel, lay_many
from campaigns.lib.clock import FOREVER
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope

GO_LIVE, END, ESCALATE = "approvals.go_live", "approvals.end", "approvals.escalate"
REVISION, STEP = "approvals.revision", "approvals.step"

State = Revision.State


def follow_state(scope: Scope, revision: Revision, before: str) -> None:
    """Lay and cancel what the clock does to a revision that has just moved on from the state `before`."""
    if revision.state == State.SCHEDULED:
        _lay(scope, [*_rows(scope, revision, GO_LIVE), *_rows(scope, revision, END)])
    elif revision.state == State.APPROVED and before != State.SCHEDULED:
        _lay(scope, _rows(scope, revision, END))
    elif before in (State.APPROVED, State.SCHEDULED):
        # Put live or ended by the clock: the row that does it is in its worker's hands.
        if before == State.SCHEDULED and revision.state != State.APPROVED:
            cancel(scope=scope, kind=GO_LIVE, subject=ref(REVISION, revision.pk))
        if _ends(revision) and revision.state not in (State.APPROVED, State.ENDED):
            cancel(scope=scope, kind=END, subject=ref(REVISION, revision.pk))


def await_escalation(scope: Scope, step: Step) -> None:
    """A step has been opened: it goes up at its time, unless it is closed before."""
    if step.escalate_at is not None:
        _lay(scope, [_row(scope, step, ESCALATE, STEP, step.escalate_at, version=_version(step.escalate_at))])


def forget_escalation(scope: Scope, step: Step) -> None:
    """The open step is closed, or waits again."""
    if step.escalate_at is not None:
        cancel(scope=scope, kind=ESCALATE, subject=ref(STEP, step.pk))


def lay_missing(*, scope: Scope, limit: int = 1000) -> int:
    """Lay the rows that are missing, for whatever reason; how many. A safety net, and how an installed bank begins."""
    scope.demand("approvals.revision.go_live")
    scheduled = Revision.objects.within(scope).filter(state=State.SCHEDULED)
    ending = Revision.objects.within(scope).filter(
        state__in=[State.APPROVED, State.SCHEDULED], shown_until__lt=FOREVER
    )
    late = Step.objects.within(scope).filter(
        state=Step.State.OPEN, escalate_at__isnull=False, revision__state=State.SUBMITTED
    )
    rows: list[Laid] = []
    for revision in _without(scope, scheduled, GO_LIVE, REVISION)[:limit]:
        rows += _rows(scope, revision, GO_LIVE)
    for revision in _without(scope, ending, END, REVISION)[:limit]:
        rows += _rows(scope, revision, END)
    for step in _without(scope, late, ESCALATE, STEP)[:limit]:
        rows.append(_row(scope, step, ESCALATE, STEP, step.escalate_at, version=_version(step.escalate_at)))
    return _lay(scope, rows)


def _without(scope: Scope, things: "QuerySet[Any]", kind: str, noun: str) -> "QuerySet[Any]":
    """Those of which no row is there, or only one that was cancelled."""
    subject = Concat(Value(f"{noun}:"), Cast(OuterRef("pk"), CharField()))
    rows = Due.objects.within(scope).filter(kind=kind, subject=subject).exclude(state=Due.State.CANCELLED)
    return things.filter(~Exists(rows)).order_by("id")


def _lay(scope: Scope, rows: Iterable[Laid]) -> int:
    return lay_many(scope=scope, rows=rows)


def _ends(revision: Revision) -> bool:
    return revision.shown_until is not None and revision.shown_until < FOREVER


def _rows(scope: Scope, revision: Revision, kind: str) -> list[Laid]:
    at = revision.shown_from if kind == GO_LIVE else revision.shown_until
    if at is None or at >= FOREVER:
        return []
    return [_row(scope, revision, kind, REVISION, at)]


def _row(
    scope: Scope, thing: Revision | Step, kind: str, noun: str, at: datetime, *, version: str = ""
) -> Laid:
    zone = zone_of_branch(scope=scope, branch_id=thing.branch_id)
    run_at, local = both_times(at=at, local=None, zone=zone)
    return Laid(kind, ref(noun, thing.pk), version, run_at, local, zone, thing.branch_id, thing.branch_pos)


def _version(at: datetime) -> str:
    # One opening of a step: opened again later, it goes up at another time.
    return f"{at:%Y-%m-%dT%H:%M:%S}"
