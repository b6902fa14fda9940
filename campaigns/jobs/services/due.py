"""Due rows: laid with the change that needs them, cancelled with it, run again by people.

Who lays or cancels has been asked for the right to the change itself; here nobody is asked again. A row that a worker
has in its hands just now is not waited for: what carries it out looks for itself whether something is left to do.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import connections
from django.db.models import QuerySet

from campaigns.audit.services import record
from campaigns.jobs.due_models import Due
from campaigns.jobs.due_rules import GRACE, KEPT, IsNotDead, IsOver, both_times
from campaigns.jobs.due_selectors import due_in_scope, zone_of_branch
from campaigns.jobs.services.carrying_out import TASK, Ran, run_due
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope

__all__ = [
    "TASK",
    "Laid",
    "Ran",
    "cancel",
    "cancel_due",
    "lay",
    "lay_many",
    "purge_due",
    "run_again",
    "run_due",
]

State = Due.State
OPEN = (State.WAITING, State.RUNNING, State.DEAD)

# One statement for one row and for thousands. A row that was cancelled stands again; any other stays as it is.
_LAY = """
INSERT INTO jobs_due (id, branch_id, branch_pos, kind, subject, version, run_at, ready_at, local_time, zone, misfire,
                      grace, args, opened_as, state, tries, lost, why)
SELECT r.id, r.branch_id, r.branch_pos, r.kind, r.subject, r.version, r.run_at, r.run_at, r.local_time, r.zone,
       r.misfire, make_interval(secs => r.grace), r.args, r.opened_as, 'waiting', 0, 0, '{}'
  FROM jsonb_to_recordset(%s) AS r (id uuid, branch_id int, branch_pos int, kind text, subject text, version text,
       run_at timestamptz, local_time timestamp, zone text, misfire text, grace float, args jsonb, opened_as jsonb)
ON CONFLICT (kind, subject, version) DO UPDATE
   SET state = 'waiting', run_at = EXCLUDED.run_at, ready_at = EXCLUDED.run_at, local_time = EXCLUDED.local_time,
       zone = EXCLUDED.zone, misfire = EXCLUDED.misfire, grace = EXCLUDED.grace, args = EXCLUDED.args,
       opened_as = EXCLUDED.opened_as, tries = 0, lost = 0, why = '{}', ended_at = NULL
 WHERE jobs_due.state = 'cancelled'
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Laid:
    """One row to lay: its key, its moment (UTC) and the same on the wall clock of `zone`.

    `opened_as` {} is the system; otherwise {"kind", "carry"} of the scope in which it shall be carried out.
    """

    kind: str
    subject: str
    version: str
    run_at: datetime
    local_time: datetime
    zone: str
    branch_id: int
    branch_pos: int
    misfire: str = Due.Misfire.ONCE
    grace: timedelta = GRACE
    args: Mapping[str, Any] = field(default_factory=dict)
    opened_as: Mapping[str, Any] = field(default_factory=dict)


def lay(
    *,
    scope: Scope,
    kind: str,
    subject: str,
    version: str = "",
    at: datetime | None = None,
    local: datetime | None = None,
    zone: str = "",
    args: Mapping[str, Any] | None = None,
    misfire: str = Due.Misfire.ONCE,
    grace: timedelta = GRACE,
    branch_id: int | None = None,
    branch_pos: int | None = None,
) -> Due:
    """Have `kind` done to `subject` (a reference) at a moment, or at a `local` time of `zone` (the branch's, if empty).

    The same (kind, subject, version) twice is one row: the first one's, unless that was cancelled. The row belongs to
    the scope's branch unless told otherwise. Raises WhenIsIt, NoSuchZone.
    """
    own = scope.branch_id if branch_id is None else branch_id
    pos = scope.branch_pos if branch_id is None or branch_pos is None else branch_pos
    zone = zone or zone_of_branch(scope=scope, branch_id=own)
    run_at, local_time = both_times(at=at, local=local, zone=zone)
    laid = Laid(kind, subject, version, run_at, local_time, zone, own, pos, misfire, grace, args or {})
    lay_many(scope=scope, rows=[laid])
    found: Due = Due.objects.within(scope).get(kind=kind, subject=subject, version=version)
    return found


def lay_many(*, scope: Scope, rows: Iterable[Laid]) -> int:
    """Lay many rows in one statement; how many were not there already."""
    by_key = {(each.kind, each.subject, each.version): each for each in rows}
    if not by_key:
        return 0
    with connections[scope.using].cursor() as cursor:
        cursor.execute(_LAY, [orjson.dumps([_plain(each) for each in by_key.values()]).decode()])
        return int(cursor.rowcount)


def cancel(
    *, scope: Scope, kind: str, subject: str, version: str | None = None, after: datetime | None = None
) -> int:
    """Cancel what is open of this kind and subject: of one version, and due later than `after`, when they are given.

    How many. What a worker is carrying out at this moment is not among them.
    """
    rows = Due.objects.within(scope).filter(kind=kind, subject=subject, state__in=OPEN)
    if version is not None:
        rows = rows.filter(version=version)
    if after is not None:
        rows = rows.filter(run_at__gt=after)
    return _cancel(scope, rows)


def cancel_many(*, scope: Scope, kind: str, subjects: Sequence[str]) -> int:
    """As `cancel`, for many subjects."""
    return _cancel(scope, Due.objects.within(scope).filter(kind=kind, subject__in=subjects, state__in=OPEN))


def _cancel(scope: Scope, rows: QuerySet[Due]) -> int:
    free = rows.order_by().select_for_update(skip_locked=True, no_key=True, of=("self",)).values_list("pk")
    return (
        Due.objects.within(scope)
        .filter(pk__in=free, state__in=OPEN)
        .update(state=State.CANCELLED, attempt=None, lease_until=None, ended_at=scope.at)
    )


def run_again(*, scope: Scope, due_id: UUID) -> Due:
    """Take up again what was given up, at once and with all its tries. Raises NotFound, IsNotDead."""
    scope.demand("jobs.due.run_again")
    due = due_in_scope(scope=scope, due_id=due_id)
    found = Due.objects.within(scope).filter(pk=due.pk, state=State.DEAD)
    # Asked for by a person, it is done however late it is.
    fresh = {"ready_at": max(scope.at, due.run_at), "tries": 0, "lost": 0, "misfire": Due.Misfire.ALL}
    if not found.update(state=State.WAITING, ended_at=None, **fresh):
        raise IsNotDead(state=due.get_state_display())
    _note(scope, due, "run_again")
    return due_in_scope(scope=scope, due_id=due_id)


def cancel_due(*, scope: Scope, due_id: UUID) -> Due:
    """Let one row never happen. Raises NotFound, IsOver, also for one that is being carried out at this moment."""
    scope.demand("jobs.due.cancel")
    due = due_in_scope(scope=scope, due_id=due_id)
    if not _cancel(scope, Due.objects.within(scope).filter(pk=due.pk, state__in=OPEN)):
        raise IsOver(state=due.get_state_display())
    _note(scope, due, "call_off")
    return due_in_scope(scope=scope, due_id=due_id)


def purge_due(*, scope: Scope, limit: int = 20_000) -> int:
    """Delete what was over 90 days ago; what was given up stays until somebody sees to it. How many."""
    scope.demand("jobs.due.purge")
    over = Due.objects.within(scope).filter(
        state__in=[State.DONE, State.SKIPPED, State.CANCELLED], ended_at__lt=scope.at - KEPT
    )
    old = (
        over.order_by("ended_at").select_for_update(skip_locked=True, of=("self",)).values_list("pk")[:limit]
    )
    gone = Due.objects.within(scope).filter(pk__in=old)
    return int(gone._raw_delete(scope.using))


def _plain(row: Laid) -> dict[str, Any]:
    return {
        "id": new_id(),
        **{
            name: getattr(row, name)
            for name in ("kind", "subject", "version", "run_at", "local_time", "zone")
        },
        **{name: getattr(row, name) for name in ("branch_id", "branch_pos", "args", "opened_as")},
        "misfire": str(row.misfire),
        "grace": row.grace.total_seconds(),
    }


def _note(scope: Scope, due: Due, verb: str) -> None:
    record(
        scope=scope,
        verb=f"jobs.due.{verb}",
        subject=ref("jobs.due", due.pk),
        subject_name=str(due),
        branch_id=due.branch_id,
        branch_pos=due.branch_pos,
        kind=due.kind,
        thing=due.subject,
        reason=due.why.get("zh", ""),
    )
