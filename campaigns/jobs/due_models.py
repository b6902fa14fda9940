"""What must happen to a thing at a moment, once."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel


class WallClockField(models.Field):
    """What a clock on the wall shows: a naive datetime, which means a moment only together with a zone."""

    def db_type(self, connection: Any) -> str:
        return "timestamp(0) without time zone"


class Due(TenantModel):
    """One row for one thing that happens once. What its kind does is registered by the room that owns it (kinds.py).

    It keeps no history of its own: it is the record of one event. `run_at` is UTC; `local_time` is the same moment as
    it was planned, on the wall clock of `zone` (a time that the clock leaves out stays as it was asked). `ready_at` is
    when it may be claimed next: `run_at` at first, later the time of the next try, and while it runs the end of its
    lease. `tries` counts failures, `lost` leases that ran out, each of which was a worker's death.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for its time")
        RUNNING = "running", _("Being carried out")
        DONE = "done", _("Done")
        SKIPPED = "skipped", _("Skipped")
        DEAD = "dead", _("Given up")
        CANCELLED = "cancelled", _("Cancelled")

    class Misfire(models.TextChoices):
        ONCE = "once", _("Run late; of several missed ones the last")
        SKIP = "skip", _("Skip when it is too late")
        ALL = "all", _("Run late, every one")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=80)
    subject = models.CharField(_("thing"), max_length=120)
    version = models.CharField(_("version"), max_length=60, blank=True)
    run_at = models.DateTimeField(_("due at"))
    local_time = WallClockField(_("local time"))
    zone = models.CharField(_("time zone"), max_length=40)
    misfire = models.CharField(_("when it is late"), max_length=5, choices=Misfire, default=Misfire.ONCE)
    grace = models.DurationField(_("late after"), default=timedelta(minutes=5))
    args = models.JSONField(_("arguments"), default=dict)
    opened_as = models.JSONField(_("on whose behalf"), default=dict)  # {} is the system
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.WAITING)
    ready_at = models.DateTimeField(_("next try at"))
    tries = models.PositiveSmallIntegerField(_("failed tries"), default=0)
    lost = models.PositiveSmallIntegerField(_("leases lost"), default=0)
    attempt = models.UUIDField(_("run"), null=True)
    lease_until = models.DateTimeField(_("lease until"), null=True)
    why = models.JSONField(
        _("reason"), default=dict
    )  # {"code", "zh", "en"} of the last failure, or why it was skipped
    claimed_at = models.DateTimeField(_("last begun at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("due task")
        verbose_name_plural = _("due tasks")
        ordering = ["run_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject", "version"], name="jobs_due_happens_once"),
            models.CheckConstraint(
                condition=Q(state="running", attempt__isnull=False, lease_until=F("ready_at"))
                | (~Q(state="running") & Q(attempt__isnull=True, lease_until__isnull=True)),
                name="jobs_due_running_one_has_a_lease",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running"], ended_at__isnull=True)
                | Q(state__in=["done", "skipped", "dead", "cancelled"], ended_at__isnull=False),
                name="jobs_due_ended_one_says_when",
            ),
            models.CheckConstraint(
                condition=Q(ready_at__gte=F("run_at")) | ~Q(state="waiting"), name="jobs_due_is_never_early"
            ),
        ]
        indexes = [
            models.Index(
                fields=["ready_at", "id"],
                condition=Q(state__in=["waiting", "running"]),
                name="jobs_due_ready",
            ),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="jobs_due_on_lease"),
            models.Index(fields=["ended_at"], condition=Q(ended_at__isnull=False), name="jobs_due_ended"),
            models.Index(fields=["-run_at", "-id"], condition=Q(state="dead"), name="jobs_due_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.local_time:%Y-%m-%d %H:%M}"

    @property
    def is_over(self) -> bool:
        """Whether nothing happens to it by itself any more."""
        return self.state not in {self.State.WAITING, self.State.RUNNING}

    def late_by(self, at: datetime) -> timedelta:
        """How long after its time it ended, or, still open, how late it is at `at`; never below zero."""
        return max((self.ended_at or at) - self.run_at, timedelta())
