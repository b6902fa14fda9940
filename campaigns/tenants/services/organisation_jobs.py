"""A small file is applied at once; a large one, or its undo, waits for a worker that reports how far it is.

The worker's transaction is one, so what it does shows only at its end. That it runs, and how far it is, is written on
the second connection, with a lease: when a worker dies nothing is half done, its lease runs out, and the file can be
started again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import OperationalError, connections, transaction

from campaigns.lib.ids import new_id
from campaigns.lib.refusals import Refusal
from campaigns.tenants.models import OrganisationFile
from campaigns.tenants.organisation.packing import unpack
from campaigns.tenants.organisation.reviews import file_in_scope, review_of
from campaigns.tenants.scopes import Scope, opened, system
from campaigns.tenants.services.organisation_files import MAY, FileSettled
from campaigns.tenants.services.organisation_trees import TreeChanged, apply_file
from campaigns.tenants.services.organisation_undo import undo_file

TASK = "tenants.apply_files"
AT_ONCE = 500  # branches changed within a request
LEASE = timedelta(minutes=3)
_TELL_EVERY = 0.4  # seconds
_PATIENCE = "300ms"  # that a word of progress waits for a lock; then it stays unsaid

State, Job = OrganisationFile.State, OrganisationFile.Job

# (kind of scope, what it carries, at) -> that scope, not opened yet.
Reopen = Callable[[str, dict[str, Any], datetime], Scope]


class JobFailed(Refusal):
    """A mistake of ours, or the database's; the log has the whole."""

    code = "tenants.organisation_file.job_failed"
    status = 409
    zh = "执行时出错，未作任何改动。请重试；若再次出错，请联系系统管理员查看日志。"
    en = "It failed, and nothing was changed. Try again; if it fails again, ask the administrator to read the log."


def is_stopped(*, file: OrganisationFile, at: datetime) -> bool:
    """Whether the worker that had it has died."""
    return file.state == State.RUNNING and file.lease_until is not None and file.lease_until <= at


def start_apply(*, scope: Scope, file_id: UUID | str, fingerprint: str) -> OrganisationFile:
    """Apply a file as it was seen: at once, or by a worker when it changes many branches.

    Raises as `apply_file`; what a worker's run raises is kept in the file's `why_not`.
    """
    scope.demand(MAY)
    file = _ready(scope, file_id, State.DRAFT, Job.APPLY)
    review = review_of(scope=scope, file=file)
    if review.fingerprint != fingerprint:
        raise TreeChanged
    if review.changes < AT_ONCE and file.state == State.DRAFT:
        return apply_file(scope=scope, file_id=file.pk, fingerprint=fingerprint)
    return _queue(scope, file, Job.APPLY, total=review.changes, fingerprint=fingerprint)


def start_undo(*, scope: Scope, file_id: UUID | str) -> OrganisationFile:
    """Take an applied file back: at once, or by a worker when it changed many branches. Raises as `undo_file`."""
    scope.demand(MAY)
    file = _ready(scope, file_id, State.APPLIED, Job.UNDO)
    assert file.before is not None
    was = unpack(file.before)
    many = len(was["made"]) + len(was["rows"])
    if many < AT_ONCE and file.state == State.APPLIED:
        return undo_file(scope=scope, file_id=file.pk)
    return _queue(scope, file, Job.UNDO, total=many)


def _ready(scope: Scope, file_id: UUID | str, state: str, job: str) -> OrganisationFile:
    """The file in `state`, or stopped in this job."""
    file = file_in_scope(scope=scope, file_id=file_id, lock=True)
    if file.state != state and not (file.job == job and is_stopped(file=file, at=scope.at)):
        raise FileSettled
    return file


def _queue(
    scope: Scope, file: OrganisationFile, job: str, *, total: int, fingerprint: str = ""
) -> OrganisationFile:
    file.state, file.job, file.fingerprint = State.WAITING, job, fingerprint
    file.step, file.done, file.total, file.why_not = "", 0, total, {}
    file.attempt, file.lease_until = None, None
    file.opened_as = {"kind": scope.kind, "carry": scope.carry}
    file.save()
    # Only a nudge: the timetable's sweep finds the row as well.
    transaction.on_commit(lambda: current_app.send_task(TASK, retry=False), robust=True)
    return file


@dataclass(frozen=True, slots=True)
class _Taken:
    """One file in one run."""

    file_id: UUID
    attempt: UUID
    job: str
    fingerprint: str
    opened_as: dict[str, Any]


def run_waiting(*, scope: Scope, reopen: Reopen, clock: Callable[[], datetime]) -> bool:
    """Run the file that has waited longest, on behalf of who started it; returns whether there was one.

    `scope` is the system's. A refusal gives the file back with its words; any other error as well, and is raised.
    """
    scope.demand(MAY)
    taken = _take(clock())
    if taken is None:
        return False
    tell = _Teller(taken, clock)
    try:
        with opened(reopen(taken.opened_as["kind"], taken.opened_as["carry"], clock())) as inner:
            if taken.job == Job.APPLY:
                apply_file(
                    scope=inner,
                    file_id=taken.file_id,
                    fingerprint=taken.fingerprint,
                    attempt=taken.attempt,
                    progress=tell,
                )
            else:
                undo_file(scope=inner, file_id=taken.file_id, attempt=taken.attempt, progress=tell)
    except Refusal as refusal:
        _give_back(taken, refusal, clock())
    except BaseException:
        _give_back(taken, JobFailed(), clock())
        raise
    return True


def _aside(at: datetime) -> Scope:
    """The system's scope on the second connection, whose commits do not wait for ours."""
    scope = system(at=at, cause=TASK)
    scope.using = "aside"
    return scope


def _take(at: datetime) -> _Taken | None:
    with opened(_aside(at)):
        files = OrganisationFile.objects.using("aside")
        waiting = files.filter(state=State.WAITING).order_by("id").defer("original", "grid", "before")
        file = waiting.select_for_update(skip_locked=True, of=("self",)).first()
        if file is None:
            return None
        taken = _Taken(file.pk, new_id(), file.job, file.fingerprint, file.opened_as)
        files.filter(pk=file.pk).update(state=State.RUNNING, attempt=taken.attempt, lease_until=at + LEASE)
        return taken


def _give_back(taken: _Taken, refusal: Refusal, at: datetime) -> None:
    """To where it can be started from again, with the reason."""
    with opened(_aside(at)):
        OrganisationFile.objects.using("aside").filter(pk=taken.file_id, attempt=taken.attempt).update(
            state=State.DRAFT if taken.job == Job.APPLY else State.APPLIED,
            why_not={"zh": refusal.detail("zh"), "en": refusal.detail("en")},
            attempt=None,
            lease_until=None,
            job="",
        )


class _Teller:
    """Writes progress, seldom enough to cost nothing, and renews the lease with it."""

    def __init__(self, taken: _Taken, clock: Callable[[], datetime]) -> None:
        self.taken, self.clock = taken, clock
        self.last = ("", 0.0)

    def __call__(self, step: str, done: int, total: int) -> None:
        now = time.monotonic()
        if step == self.last[0] and now - self.last[1] < _TELL_EVERY:
            return
        self.last = (step, now)
        at = self.clock()
        try:
            with transaction.atomic(using="aside"):
                with connections["aside"].cursor() as cursor:
                    # While places are dealt out again no other scope opens, ours included.
                    cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_PATIENCE])
                with opened(_aside(at)):
                    mine = OrganisationFile.objects.using("aside").filter(
                        pk=self.taken.file_id, attempt=self.taken.attempt
                    )
                    mine.update(step=step, done=done, total=total, lease_until=at + LEASE)
        except OperationalError:
            return
