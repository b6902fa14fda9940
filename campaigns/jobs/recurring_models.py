"""What comes again and again, as a rule in local time."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.jobs.due_models import Due
from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel, tracked


@tracked(exclude=("laid_until", "why_not"))
class Recurring(TenantModel):
    """The rule by which due rows of `kind` and `subject` are laid ahead; recurring_rules.py says how it reads.

    Rows are laid up to and including the local day `laid_until`. `why_not` has the words (language -> sentence) for
    why they are not laid as far ahead as they should be; empty when they are.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=80)
    subject = models.CharField(_("thing"), max_length=120)
    rule = models.JSONField(_("rule"))
    zone = models.CharField(_("time zone"), max_length=40)
    first = models.DateField(_("from"))
    until = models.DateField(_("until"), null=True)  # the last day, inclusive; None: for ever
    misfire = models.CharField(
        _("when it is late"), max_length=5, choices=Due.Misfire, default=Due.Misfire.ONCE
    )
    grace = models.DurationField(_("late after"), default=timedelta(minutes=5))
    args = models.JSONField(_("arguments"), default=dict)
    opened_as = models.JSONField(_("on whose behalf"), default=dict)
    laid_until = models.DateField(_("laid until"), null=True)
    why_not = models.JSONField(_("why not further"), default=dict)

    class Meta:
        verbose_name = _("recurring task")
        verbose_name_plural = _("recurring tasks")
        ordering = ["kind", "subject"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject"], name="jobs_recurring_has_one_rule"),
            models.CheckConstraint(
                condition=models.Q(until__isnull=True) | models.Q(until__gte=models.F("first")),
                name="jobs_recurring_window_is_forward",
            ),
        ]
        indexes = [models.Index(fields=["laid_until", "id"], name="jobs_recurring_to_lay")]

    def __str__(self) -> str:
        return f"{self.kind} · {self.subject}"
