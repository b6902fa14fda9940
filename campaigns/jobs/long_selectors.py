"""Questions about long jobs."""

from collections.abc import Collection
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from campaigns.jobs.long_kinds import Kind, kinds
from campaigns.jobs.long_models import Job, JobItem, JobLine
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope

SEE_ALL, STOP_ANY = "jobs.job.view", "jobs.job.stop"


def sees_all(*, scope: Scope) -> bool:
    """Does the scope see what others asked for? Only head office may."""
    return scope.kind in {"staff", "system"} and not scope.ancestors and scope.may(SEE_ALL)


def my_jobs(*, scope: Scope) -> QuerySet[Job]:
    """Which long jobs did the scope's person ask for? Newest first."""
    if scope.person_id is None:
        return Job.objects.none()
    return Job.objects.within(scope).filter(person_id=scope.person_id).order_by("-id")


def jobs_seen(*, scope: Scope) -> QuerySet[Job]:
    """Which long jobs may the scope look at? One's own; head office everybody's."""
    return Job.objects.within(scope).order_by("-id") if sees_all(scope=scope) else my_jobs(scope=scope)


def job_in_scope(*, scope: Scope, job_id: UUID | str, lock: bool = False, own: bool = False) -> Job:
    """One that may be looked at, or only one's `own`; raises NotFound for others', foreign and absent ones alike."""
    rows = my_jobs(scope=scope) if own else jobs_seen(scope=scope)
    try:
        job = (rows.select_for_update(no_key=True) if lock else rows).filter(pk=job_id).first()
    except (ValueError, ValidationError):
        raise NotFound from None
    if job is None:
        raise NotFound
    return job


def jobs_among(*, scope: Scope, job_ids: Collection[UUID]) -> list[Job]:
    """Those of these that may be looked at."""
    return list(jobs_seen(scope=scope).filter(pk__in=job_ids).defer("opened_as", "args", "cursor"))


def refused_items(*, scope: Scope, job: Job) -> QuerySet[JobItem]:
    """What was refused, and why? In the order in which it was asked."""
    return JobItem.objects.within(scope).filter(job=job, outcome=JobItem.Outcome.REFUSED).order_by("number")


def lines_of(*, scope: Scope, job: Job) -> QuerySet[JobLine]:
    """The job's log, the oldest line first."""
    return JobLine.objects.within(scope).filter(job=job).order_by("id")


def kinds_by_hand(*, scope: Scope) -> list[Kind]:
    """Which long jobs may the scope's person start on the page?"""
    if scope.person_id is None:
        return []
    return [kind for kind in kinds() if kind.by_hand and may_ask(scope=scope, kind=kind)]


def may_ask(*, scope: Scope, kind: Kind) -> bool:
    """May the scope ask for a job of this kind that goes in steps?"""
    if kind.head_office_only and scope.ancestors:
        return False
    return not kind.verb or scope.may(kind.verb)
