"""Long jobs in tests: carried out at a given moment, and looked at with the system's eyes."""

from datetime import datetime
from typing import Any

from campaigns.jobs.long_models import Job, JobItem, JobLine
from campaigns.jobs.services.long_runs import run_long
from campaigns.tenants.scopes import Scope, staff, system, system_scope
from tests.support.cast import AT


def reopen(kind: str, carry: dict[str, Any], at: datetime) -> Scope:
    """As the worker does it: who and where from the row, what he may from the database."""
    if kind == "system":
        return system(at=at, cause="test")
    assert kind == "staff"
    return staff(
        login_id=carry["login"], assignment_id=carry["assignment"], stand_at=carry["stand_at"], at=at
    )


def run(at: datetime = AT, **more: Any) -> bool:
    """One turn of a worker; whether there was a job."""
    return run_long(scope=system(at=at, cause="test"), reopen=reopen, clock=lambda: at, **more)


def now_is(job: Job) -> Job:
    """The job as it stands now."""
    with system_scope(at=AT, cause="test"):
        found: Job = Job.objects.get(pk=job.pk)
        return found


def outcomes(job: Job) -> list[tuple[str, str]]:
    """(outcome, code) of each item, in order."""
    with system_scope(at=AT, cause="test"):
        return list(JobItem.objects.filter(job=job).values_list("outcome", "code"))


def log_of(job: Job, language: str = "zh") -> list[str]:
    """The job's log."""
    with system_scope(at=AT, cause="test"):
        return [line.words[language] for line in JobLine.objects.filter(job=job)]
