"""Carrying long jobs out: a worker takes the one that has waited longest and goes from part to part.

Each part, an item or a step, is a transaction of its own in the asker's scope: the job's row, then what the part
touches. The outcome is written in the transaction of the effect, so a worker that dies has either done a part or not,
and the next goes on behind it. Whoever holds the job's row counts; a worker whose lease was taken finds that and
leaves.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from campaigns.jobs import long_results
from campaigns.jobs.long_kinds import Kind, Step, kind_of
from campaigns.jobs.long_models import Job, JobItem
from campaigns.jobs.long_moves import FREE, change, log_line, note, nudge
from campaigns.jobs.long_rules import ItemFailed, JobFailed, KindIsGone, WorkersDie
from campaigns.lib.both import in_both, refusal_in_both
from campaigns.lib.ids import new_id
from campaigns.lib.refusals import NotAllowed, Refusal
from campaigns.tenants.scopes import Scope, ScopeClosed, opened, system

CAUSE = "jobs.run_long"
# After so long a worker hands a job back, so that others get their turn and no task outlives its limit.
AT_MOST = timedelta(minutes=8)
# So many tries in a row without progress, then it waits for a person.
TRIES = 5
_BACK_OFF = timedelta(seconds=20)
_OVER = "is_over"

State, Outcome = Job.State, JobItem.Outcome
log = logging.getLogger(__name__)

# (kind of scope, what it carries, at) -> that scope, not opened yet.
Reopen = Callable[[str, dict[str, Any], datetime], Scope]


@dataclass(frozen=True, slots=True)
class _Taken:
    """One job in one run."""

    job_id: UUID
    attempt: UUID
    kind: Kind
    opened_as: dict[str, Any]


def run_long(
    *, scope: Scope, reopen: Reopen, clock: Callable[[], datetime], at_most: timedelta = AT_MOST
) -> bool:
    """Carry out the job that has waited longest, or whose worker died; returns whether there was one.

    `scope` is the system's and not open: each part opens the asker's own, in a transaction of its own.
    """
    scope.demand("jobs.job.run")
    taken = _take(clock())
    if taken is None:
        return False
    if isinstance(taken, UUID):
        return True
    until = clock() + at_most
    try:
        while _run_next(taken, reopen(taken.opened_as["kind"], taken.opened_as["carry"], clock())):
            if clock() >= until:
                _hand_back(taken, clock())
                return True
    except Refusal as refusal:
        # Who asked may not any more: nothing of it is theirs to do. A step's own refusal ends it as well.
        to = State.PAUSED if _is_of_person(refusal, taken.kind) else State.FAILED
        _halt(taken, to, refusal, clock())
        return True
    except (OperationalError, InterfaceError):
        # The database itself has trouble: when the lease has run out somebody tries again.
        raise
    except Exception:
        log.exception("long job %s: a step failed", taken.job_id)
        _try_later(taken, clock())
        return True
    _finish(taken, clock())
    return True


def _take(at: datetime) -> _Taken | UUID | None:
    """The next job, now ours; only its id when it was settled instead; None when none waits."""
    with opened(system(at=at, cause=CAUSE)) as scope:
        waiting = Q(state=State.WAITING, ready_at__lte=at) | Q(state=State.RUNNING, lease_until__lte=at)
        free = Job.objects.within(scope).filter(waiting).order_by("ready_at", "id")
        job = free.select_for_update(skip_locked=True, no_key=True).first()
        if job is None:
            return None
        kind = kind_of(job.kind)
        is_lost = job.state == State.RUNNING
        lost, tries = job.lost + is_lost, job.tries + is_lost
        change(
            scope,
            job,
            state=State.RUNNING,
            attempt=new_id(),
            lease_until=at + (kind.lease if kind else _BACK_OFF),
            taken_at=at,
            taken_done=job.done,
            lost=lost,
            tries=tries,
        )
        if is_lost:
            log_line(
                scope, job, in_both(_("Its worker was lost; another goes on at %(done)s."), done=job.done)
            )
        if kind is None:
            _end(scope, job, State.FAILED, KindIsGone(kind=job.kind))
        elif tries >= TRIES:
            _end(scope, job, State.FAILED, WorkersDie(times=tries))
        else:
            assert job.attempt is not None
            return _Taken(job.pk, job.attempt, kind, job.opened_as)
        return job.pk


def _ours(scope: Scope, taken: _Taken) -> Job | None:
    """The job, locked; None when it is no longer ours. The server ends our transaction when we freeze in it."""
    idle = f"{int(taken.kind.idle.total_seconds() * 1000)}ms"
    rows = Job.objects.within(scope).filter(pk=taken.job_id, attempt=taken.attempt, state=State.RUNNING)
    limited = rows.annotate(
        idle=RawSQL("set_config('idle_in_transaction_session_timeout', %s, true)", [idle])
    )
    job: Job | None = limited.select_for_update(no_key=True).first()
    return job


def _run_next(taken: _Taken, scope: Scope) -> bool:
    """Carry out the next part in a transaction; False when there is none left, or the job is no longer ours."""
    with opened(scope):
        job = _ours(scope, taken)
        if job is None:
            return False
        if taken.kind.each is not None:
            return _run_item(scope, job, taken.kind)
        return _run_step(scope, job, taken.kind)


def _run_item(scope: Scope, job: Job, kind: Kind) -> bool:
    item = JobItem.objects.within(scope).filter(job=job, outcome=Outcome.WAITING).first()
    if item is None:
        return False
    refusal = _carry_out(scope, item, job, kind)
    JobItem.objects.within(scope).filter(pk=item.pk, outcome=Outcome.WAITING).update(
        outcome=Outcome.REFUSED if refusal else Outcome.DONE,
        code=refusal.code if refusal else "",
        words=refusal_in_both(refusal) if refusal else {},
        at=scope.at,
    )
    counted = {"done": job.done + 1, "lease_until": scope.at + kind.lease}
    if refusal:
        counted["refused"] = job.refused + 1
    if job.tries:
        counted["tries"] = 0
    change(scope, job, **counted)
    return True


def _carry_out(scope: Scope, item: JobItem, job: Job, kind: Kind) -> Refusal | None:
    """Why an item was refused, or None. Raises what speaks against the person and not against the item."""
    assert kind.each is not None
    try:
        with transaction.atomic():
            kind.each(scope=scope, item=item, args=job.args)
    except Refusal as refusal:
        if _is_of_person(refusal, kind):
            raise
        return refusal
    except (OperationalError, InterfaceError):
        # The item stays as it is, and whoever takes the job up next tries again.
        raise
    except Exception:
        log.exception("long job %s: item %s failed", job.pk, item.pk)
        return ItemFailed()
    return None


def _is_of_person(refusal: Refusal, kind: Kind) -> bool:
    return isinstance(refusal, ScopeClosed) or (
        isinstance(refusal, NotAllowed) and bool(kind.verb) and refusal.values.get("verb") == kind.verb
    )


def _run_step(scope: Scope, job: Job, kind: Kind) -> bool:
    assert kind.step is not None
    if job.cursor.get(_OVER):  # the worker before died between its last step and the end
        return False
    step: Step = kind.step(scope=scope, job=job)
    written: dict[str, Any] = {
        "done": step.done,
        "total": step.total if not step.is_over else step.done,
        "refused": step.refused,
        "cursor": step.cursor | ({_OVER: True} if step.is_over else {}),
        "doing": step.doing,
        "tries": 0,
        "lease_until": scope.at + kind.lease,
    }
    if step.result is not None:
        long_results.keep(job.pk, step.result.content)
        written |= {"result_name": step.result.name, "result_type": step.result.content_type}
    change(scope, job, **written)
    for words in step.log:
        log_line(scope, job, words)
    return not step.is_over


def _held(scope: Scope, taken: _Taken) -> Job | None:
    rows = Job.objects.within(scope).filter(pk=taken.job_id, attempt=taken.attempt, state=State.RUNNING)
    job: Job | None = rows.select_for_update(no_key=True).first()
    return job


def _finish(taken: _Taken, at: datetime) -> None:
    """Nothing of it is left: done, unless somebody else has it."""
    with opened(system(at=at, cause=CAUSE)) as scope:
        if (job := _held(scope, taken)) is not None:
            _end(scope, job, State.DONE)


def _halt(taken: _Taken, to: str, refusal: Refusal, at: datetime) -> None:
    with opened(system(at=at, cause=CAUSE)) as scope:
        if (job := _held(scope, taken)) is not None:
            _end(scope, job, to, refusal)


def _hand_back(taken: _Taken, at: datetime) -> None:
    with opened(system(at=at, cause=CAUSE)) as scope:
        if (job := _held(scope, taken)) is not None:
            change(scope, job, state=State.WAITING, ready_at=at, **FREE)
            nudge()


def _try_later(taken: _Taken, at: datetime) -> None:
    """A mistake of ours in a step: again a little later, and after a few times it waits for a person."""
    with opened(system(at=at, cause=CAUSE)) as scope:
        job = _held(scope, taken)
        if job is None:
            return
        tries = job.tries + 1
        if tries >= TRIES:
            _end(scope, job, State.FAILED, JobFailed())
            return
        wait = _BACK_OFF * 2 ** (tries - 1)
        change(scope, job, state=State.WAITING, tries=tries, ready_at=at + wait, **FREE)
        seconds = int(wait.total_seconds())
        log_line(scope, job, in_both(_("A step failed; it is tried again in %(n)s seconds."), n=seconds))


def _end(scope: Scope, job: Job, to: str, refusal: Refusal | None = None) -> None:
    """Done, paused by a refusal or failed: written, noted, and told to the room whose kind it is."""
    why = refusal_in_both(refusal) if refusal else {}
    values = {"state": to, "why": why, "doing": {}, "ended_at": None if to == State.PAUSED else scope.at}
    change(scope, job, **values, **FREE)
    counts = {"done": job.done, "count": job.total, "refused": job.refused}
    if to == State.DONE:
        note(scope, job, "finish", _("All through: %(done)s done, of these %(refused)s refused."), **counts)
    else:
        words = _("It was paused at %(done)s.") if to == State.PAUSED else _("It failed at %(done)s.")
        note(scope, job, "pause" if to == State.PAUSED else "fail", words, **counts, reason=why["zh"])
        log_line(scope, job, why)
    kind = kind_of(job.kind)
    if kind is not None and kind.on_end is not None:
        try:
            with transaction.atomic():
                kind.on_end(scope=scope, job=job)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            # The job is through all the same.
            log.exception("long job %s: nobody was told", job.pk)
