"""Days of a branch's tree, closed: what the books said, and what did not agree."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel


class Close(TenantModel):
    """One run over one local day of a branch and all below it. Written by `close_day` alone, and never changed: closing
    the day again writes another, one higher (`nth`).

    `figures`: "book" (line, sign, many, fen) and "settlement" (issuer, place, their names, payer, redeemed, reversed,
    fen), and "head_office", its id. `differences`: code, many, and at most 50 of the rows that disagree.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    day = models.DateField(_("day"))
    nth = models.PositiveIntegerField(_("run of the day"))
    closed_at = models.DateTimeField(_("day closed at"))
    # Empty: by the timetable.
    closed_by = models.CharField(_("closed by"), max_length=60, blank=True)
    is_green = models.BooleanField(_("all agrees"))
    figures = models.JSONField(_("figures of the day"))
    differences = models.JSONField(_("differences"))

    class Meta:
        verbose_name = _("end-of-day close")
        verbose_name_plural = _("end-of-day closes")
        ordering = ["-day", "branch_pos", "-nth"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "day", "nth"], name="rewards_close_runs_are_numbered"),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.day}"
