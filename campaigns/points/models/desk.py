"""What staff do with the ledger: adjustments by hand, how much one person may adjust alone, and closed days."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Abs
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.customers.models import Customer
from campaigns.lib.ids import new_id
from campaigns.tenants.models import Person, TenantModel


class Adjustment(TenantModel):
    """Points given or taken by hand (`points` below zero), with the reason. Its movement has its id as key.

    `branch` is the customer's home when it was asked for; `alone`: how many points the asker might adjust alone then.
    Written by `adjust_points` and `decide_adjustment` alone.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("waits for a second person")
        POSTED = "posted", _("posted")
        REFUSED = "refused", pgettext_lazy("points", "refused")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, db_constraint=False, related_name="+", verbose_name=_("customer")
    )
    points = models.BigIntegerField(_("points"))
    reason = models.CharField(_("reason"), max_length=200)
    state = models.CharField(_("state"), max_length=8, choices=State, db_default="asked")
    alone = models.BigIntegerField(_("may be adjusted alone"))
    asked_at = models.DateTimeField(_("asked at"))
    # Empty: the system itself.
    asked_by = models.ForeignKey(
        Person, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+",
        verbose_name=_("asked by"),
    )  # fmt: skip
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.ForeignKey(
        Person, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+",
        verbose_name=_("decided by"),
    )  # fmt: skip
    remark = models.CharField(_("remark"), max_length=200, blank=True, db_default="")
    movement_id = models.UUIDField(_("movement"), null=True)

    class Meta:
        verbose_name = _("points adjustment")
        verbose_name_plural = _("points adjustments")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(points=0), name="points_adjustment_moves_something"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(asked_by__isnull=True)
                | ~Q(decided_by=F("asked_by")),
                name="points_adjustment_maker_is_not_checker",
            ),
            # Above what one person may do alone, somebody else decided.
            models.CheckConstraint(
                condition=~Q(state="posted")
                | Q(decided_by__isnull=False, movement_id__isnull=False)
                | Q(movement_id__isnull=False, alone__gte=Abs(F("points"))),
                name="points_adjustment_above_the_limit_has_a_checker",
            ),
            models.CheckConstraint(
                condition=Q(state="refused", decided_by__isnull=False, movement_id__isnull=True)
                | ~Q(state="refused"),
                name="points_adjustment_is_refused_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["customer", "asked_by", "asked_at"], name="points_adjustment_of_day")]

    def __str__(self) -> str:
        return f"{self.points:+,}"


class AdjustLimit(TenantModel):
    """How many points one person may give or take by hand within a day, for one customer of a branch and below it,
    without a second person. The nearest branch above with a row decides; without any it is 1,000.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    points = models.BigIntegerField(_("may be adjusted alone"))
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("limit of adjustments")
        verbose_name_plural = _("limits of adjustments")
        ordering = ["branch_pos"]
        constraints = [
            models.UniqueConstraint(fields=["branch"], name="points_adjustlimit_is_one_a_branch"),
            models.CheckConstraint(condition=Q(points__gte=0), name="points_adjustlimit_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.points:,}"


class LedgerClose(TenantModel):
    """One run over a local day or month of the points issued by a branch and all below it. Written by `close_points`
    alone, and never changed: closing the period again writes another, one higher (`nth`).

    `figures`: "book", lines of (branch, name, line, many, points), and "owed", what customers of the tree owe.
    `differences`: code, many, and at most 50 of the rows that disagree. `ends_at`: the end of the period (UTC).
    """

    class Period(models.TextChoices):
        DAY = "day", _("one day")
        MONTH = "month", _("one month")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    period = models.CharField(_("kind of close"), max_length=8, choices=Period)
    day = models.DateField(_("begins on"))
    nth = models.PositiveIntegerField(_("which run"))
    ends_at = models.DateTimeField(_("ends at"))
    closed_at = models.DateTimeField(_("day closed at"))
    # Empty: by the timetable.
    closed_by = models.CharField(_("closed by"), max_length=60, blank=True)
    is_green = models.BooleanField(_("all agrees"))
    figures = models.JSONField(_("figures"))
    differences = models.JSONField(_("differences"))

    class Meta:
        verbose_name = _("close of the points ledger")
        verbose_name_plural = _("closes of the points ledger")
        ordering = ["-day", "branch_pos", "-nth"]
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "period", "day", "nth"], name="points_close_runs_are_numbered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.day:%Y-%m}" if self.period == "month" else f"{self.branch} {self.day}"
