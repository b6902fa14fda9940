"""What every verb of a long job shares: its guarded change, its line in the log and the audit, the nudge."""

from typing import Any

from celery import current_app
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.audit.services import record
from campaigns.jobs.long_kinds import kind_of
from campaigns.jobs.long_models import Job, JobLine
from campaigns.lib.both import Both, in_both
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope

TASK = "jobs.run_long"

# A job that no worker has.
FREE: dict[str, Any] = {"attempt": None, "lease_until": None}


def change(scope: Scope, job: Job, **values: Any) -> None:
    """Write to a job whose row is locked."""
    Job.objects.within(scope).filter(pk=job.pk).update(**values)
    for name, value in values.items():
        setattr(job, name, value)


def log_line(scope: Scope, job: Job, words: Both) -> None:
    """Add a line to a job's log."""
    JobLine.objects.create(
        branch_id=job.branch_id, branch_pos=job.branch_pos, job=job, at=scope.at, words=words
    )


def note(scope: Scope, job: Job, verb: str, words: Any, **detail: Any) -> None:
    """A deed of who acts, in the job's log and in the audit. `words` may use %(who)s and what `detail` has."""
    who = scope.facts.actor_name if scope.person_id else _("The system")
    log_line(scope, job, in_both(words, who=who, **detail))
    record(
        scope=scope,
        verb=f"jobs.job.{verb}",
        subject=ref("jobs.job", job.pk),
        subject_name=_title(job),
        branch_id=job.branch_id,
        branch_pos=job.branch_pos,
        **detail,
    )


def nudge() -> None:
    """Tell a worker; the timetable's sweep finds the row as well."""
    transaction.on_commit(lambda: current_app.send_task(TASK, retry=False, ignore_result=True), robust=True)


def _title(job: Job) -> str:
    """As the audit keeps names: in Chinese."""
    kind = kind_of(job.kind)
    return job.title or (in_both(kind.title, total=job.total)["zh"] if kind else job.kind)
