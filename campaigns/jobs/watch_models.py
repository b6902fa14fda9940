"""What was measured of the installation, minute by minute, and what went beyond its limit."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.jobs.watch_words import name_of
from campaigns.lib.ids import new_id


class Reading(models.Model):
    """The figures of one minute, by name ("due_oldest_seconds", "due.dead").

    Bank-wide, without a branch: a figure counts the whole installation and names nobody's rows.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField(_("moment"), db_index=True)
    figures = models.JSONField(_("figures"))

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.at.isoformat()


class Alert(models.Model):
    """A figure that stood above its limit from `opened_at` until `closed_at`; `worst` is the highest it stood.

    Bank-wide like the figures. One is open for a code at most, however many watch at once.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(_("figure"), max_length=80)
    value = models.FloatField(_("value"))
    worst = models.FloatField(_("worst value"))
    limit = models.FloatField(_("limit"))
    opened_at = models.DateTimeField(_("opened at"))
    closed_at = models.DateTimeField(_("over at"), null=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["code"],
                condition=Q(closed_at__isnull=True),
                name="jobs_alert_one_is_open_of_its_code",
            ),
            models.CheckConstraint(
                condition=Q(worst__gte=F("value"), worst__gt=F("limit")),
                name="jobs_alert_went_beyond_its_limit",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")),
                name="jobs_alert_ends_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return name_of(self.code)

    @property
    def is_open(self) -> bool:
        return self.closed_at is None
