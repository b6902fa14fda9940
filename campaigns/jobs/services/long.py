"""Asking for a long job, and what its asker does while it goes: pause, resume, stop. `long_runs` carries it out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from campaigns.jobs.long_kinds import Kind, kind_of
from campaigns.jobs.long_models import Job, JobItem
from campaigns.jobs.long_moves import FREE, change, note, nudge
from campaigns.jobs.long_rules import (
    JobDoesNotGoOn,
    JobGoesOn,
    JobIsOver,
    KindIsGone,
    NothingChosen,
    NotYourJob,
    TooManyChosen,
)
from campaigns.jobs.long_selectors import STOP_ANY, job_in_scope, may_ask
from campaigns.lib.refusals import NotAllowed
from campaigns.tenants.scopes import Scope

State = Job.State


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that a job is asked for: its reference and title, and in `args` what was seen of it (JSON)."""

    subject: str
    title: str
    args: dict[str, Any] = field(default_factory=dict)


def ask_many(
    *,
    scope: Scope,
    kind: str,
    items: Sequence[Asked],
    args: dict[str, Any] | None = None,
    title: str = "",
) -> Job:
    """Have the service of `kind` carried out for each of these, as who acts now and from where.

    What speaks against one is found at its turn and stands in its item. `args` go to each; `title` tells the job from
    others of its kind. Raises NothingChosen, TooManyChosen, NotAllowed, KindIsGone.
    """
    found = _known(kind)
    once = {item.subject: item for item in items}
    if not once:
        raise NothingChosen
    if len(once) > found.at_most:
        raise TooManyChosen(at_most=found.at_most)
    job = _ask(scope, found, args, title, total=len(once))
    JobItem.objects.bulk_create(
        JobItem(
            branch_id=job.branch_id,
            branch_pos=job.branch_pos,
            job=job,
            number=number,
            subject=item.subject,
            title=item.title[:200],
            args=item.args,
        )
        for number, item in enumerate(once.values(), start=1)
    )
    return job


def ask_job(*, scope: Scope, kind: str, args: dict[str, Any] | None = None, title: str = "") -> Job:
    """Have a service that goes in steps carried out, as who acts now and from where. Raises NotAllowed, KindIsGone."""
    found = _known(kind)
    if not may_ask(scope=scope, kind=found):
        raise NotAllowed(verb=found.verb)
    return _ask(scope, found, args, title)


def pause_job(*, scope: Scope, job_id: UUID | str) -> Job:
    """Let no further part begin until it is resumed. Raises NotFound, NotAllowed, JobIsOver, JobDoesNotGoOn."""
    job = _mine_to_end(scope, job_id)
    if not job.goes_on:
        raise JobDoesNotGoOn
    change(scope, job, state=State.PAUSED, why={}, **FREE)
    note(scope, job, "pause", _("%(who)s paused it at %(done)s."), done=job.done, count=job.total)
    return job


def stop_job(*, scope: Scope, job_id: UUID | str) -> Job:
    """Give up what is left; what was done stays. Raises NotFound, NotAllowed, JobIsOver."""
    job = _mine_to_end(scope, job_id)
    change(scope, job, state=State.STOPPED, ended_at=scope.at, **FREE)
    note(scope, job, "stop", _("%(who)s stopped it at %(done)s."), done=job.done, count=job.total)
    return job


def resume_job(*, scope: Scope, job_id: UUID | str) -> Job:
    """Go on with what is left, as who acts now and from where. Raises NotFound, NotYourJob, JobIsOver, JobGoesOn."""
    job = job_in_scope(scope=scope, job_id=job_id, lock=True)
    if job.person_id != scope.person_id:
        raise NotYourJob(name=job.person_name or _("The system"))
    if job.is_over:
        raise JobIsOver
    if job.goes_on:
        raise JobGoesOn
    opened_as = {"kind": scope.kind, "carry": scope.carry}
    change(
        scope,
        job,
        state=State.WAITING,
        ready_at=scope.at,
        tries=0,
        ended_at=None,
        why={},
        opened_as=opened_as,
    )
    note(scope, job, "resume", _("%(who)s resumed it at %(done)s."), done=job.done, count=job.total)
    nudge()
    return job


def _known(code: str) -> Kind:
    kind = kind_of(code)
    if kind is None:
        raise KindIsGone(kind=code)
    return kind


def _ask(scope: Scope, kind: Kind, args: dict[str, Any] | None, title: str, total: int = 0) -> Job:
    job: Job = Job.objects.create(
        branch_id=scope.branch_id,
        branch_pos=scope.branch_pos,
        kind=kind.code,
        title=title[:200],
        person_id=scope.person_id,
        person_name=scope.facts.actor_name if scope.person_id else "",
        opened_as={"kind": scope.kind, "carry": scope.carry},
        args=args or {},
        total=total,
        ready_at=scope.at,
        at=scope.at,
    )
    comment = {"comment": job.args["comment"]} if job.args.get("comment") else {}
    note(scope, job, "ask", _("%(who)s asked for it."), count=job.total, **comment)
    nudge()
    return job


def _mine_to_end(scope: Scope, job_id: UUID | str) -> Job:
    """The job, locked and not over, for its asker or who may stop anybody's."""
    job = job_in_scope(scope=scope, job_id=job_id, lock=True)
    if job.person_id != scope.person_id:
        scope.demand(STOP_ANY)
    if job.is_over:
        raise JobIsOver
    return job
