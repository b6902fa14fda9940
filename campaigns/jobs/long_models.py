"""Long jobs: one service over many items, or in many steps, carried out by a worker while people look on."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.jobs.long_kinds import kind_of
from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel


class Job(TenantModel):
    """What one person asked for at `branch`, or the system (then without a person); `kind` says what is done.

    It keeps no history of its own: its log is. `opened_as` is what the asker's scope carries; the worker opens it anew
    for each item. Who holds `attempt` until `lease_until` is the worker that runs it; a lease that has run out was a
    worker's death, and another goes on. `done` counts what is settled, `refused` of that; a `total` of 0 is not known
    yet. `cursor` is where a job in steps goes on. `taken_at` and `taken_done` are where the present run began.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for its turn")
        RUNNING = "running", _("Being carried out")
        PAUSED = "paused", _("Paused")
        DONE = "done", _("All through")
        STOPPED = "stopped", _("Stopped")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=80)
    title = models.CharField(_("title"), max_length=200, blank=True)
    person_id = models.UUIDField(_("started by"), null=True)
    person_name = models.CharField(_("started by"), max_length=60, blank=True)
    opened_as = models.JSONField(_("on whose behalf"))
    args = models.JSONField(_("what was asked"), default=dict)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    total = models.PositiveIntegerField(_("in all"), default=0)
    done = models.PositiveIntegerField(_("done"), default=0)
    refused = models.PositiveIntegerField(_("of these refused"), default=0)
    cursor = models.JSONField(_("where it goes on"), default=dict)
    doing = models.JSONField(_("what it is at"), default=dict)  # language -> words
    ready_at = models.DateTimeField(_("to be taken up from"))
    attempt = models.UUIDField(_("run"), null=True)
    lease_until = models.DateTimeField(_("lease until"), null=True)
    lost = models.PositiveSmallIntegerField(_("workers lost"), default=0)
    tries = models.PositiveSmallIntegerField(_("tries without progress"), default=0)
    taken_at = models.DateTimeField(_("taken up at"), null=True)
    taken_done = models.PositiveIntegerField(_("done before"), default=0)
    why = models.JSONField(_("why it does not go on"), default=dict)  # language -> words
    result_name = models.CharField(_("result"), max_length=120, blank=True)
    result_type = models.CharField(_("content type"), max_length=80, blank=True)
    at = models.DateTimeField(_("asked at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("long job")
        verbose_name_plural = _("long jobs")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(refused__lte=F("done")) & (Q(total=0) | Q(done__lte=F("total"))),
                name="jobs_job_counts_no_more_than_was_asked",
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(attempt__isnull=False, lease_until__isnull=False),
                name="jobs_job_running_one_has_a_lease",
            ),
        ]
        indexes = [
            models.Index(
                fields=["ready_at", "id"],
                condition=Q(state__in=["waiting", "running"]),
                name="jobs_job_to_run",
            ),
            models.Index(fields=["person_id", "-id"], name="jobs_job_of_person"),
        ]

    def __str__(self) -> str:
        return self.title or str(self.name)

    @property
    def name(self) -> Any:
        """What it does, in a few words of the reader's."""
        kind = kind_of(self.kind)
        return str(kind.title) % {"total": self.total} if kind else self.kind

    @property
    def state_label(self) -> Any:
        return self.State(self.state).label

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.state in {self.State.DONE, self.State.STOPPED}

    @property
    def goes_on(self) -> bool:
        """Whether it goes on by itself."""
        return self.state in {self.State.WAITING, self.State.RUNNING}

    @property
    def went_through(self) -> int:
        return self.done - self.refused

    @property
    def left(self) -> int:
        return max(0, self.total - self.done)


class JobItem(TenantModel):
    """One thing of a job over many. It is settled once; `code` and `words` (language -> sentence) say why not.

    `args` is what the asker saw of it, such as its hash.
    """

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("To come")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Was refused")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    job = models.ForeignKey(
        Job, models.PROTECT, db_index=False, related_name="items", verbose_name=_("long job")
    )
    number = models.PositiveIntegerField(_("number"))
    subject = models.CharField(_("thing"), max_length=120)
    title = models.CharField(_("title"), max_length=200)
    args = models.JSONField(_("what was seen"), default=dict)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome, default=Outcome.WAITING)
    code = models.CharField(_("code"), max_length=80, blank=True)
    words = models.JSONField(_("why not"), default=dict)
    at = models.DateTimeField(_("moment"), null=True)

    class Meta:
        verbose_name = _("item of a long job")
        verbose_name_plural = _("items of long jobs")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["job", "subject"], name="jobs_jobitem_stands_once_in_its_job"),
            models.CheckConstraint(
                condition=Q(outcome="waiting", at__isnull=True)
                | (~Q(outcome="waiting") & Q(at__isnull=False)),
                name="jobs_jobitem_waits_or_is_settled",
            ),
        ]
        indexes = [
            models.Index(
                fields=["job", "number"], condition=Q(outcome="waiting"), name="jobs_jobitem_to_come"
            ),
            models.Index(
                fields=["job", "number"], condition=Q(outcome="refused"), name="jobs_jobitem_refused"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class JobLine(TenantModel):
    """One line of a job's log, in both languages; written and never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    job = models.ForeignKey(
        Job, models.PROTECT, db_index=False, related_name="lines", verbose_name=_("long job")
    )
    at = models.DateTimeField(_("moment"))
    words = models.JSONField(_("what happened"))

    class Meta:
        verbose_name = _("line of a long job")
        verbose_name_plural = _("lines of long jobs")
        ordering = ["id"]
        indexes = [models.Index(fields=["job", "id"], name="jobs_jobline_of_job")]

    def __str__(self) -> str:
        return str(self.words.get("zh", ""))
