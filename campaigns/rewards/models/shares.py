"""A batch's quota down the tree, and how many a branch may hand out in a day or week."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import Branch, TenantModel


class Share(TenantModel):
    """One branch's node of a batch's tree: what it received, gave to the branches below it, and kept for itself.

    `kept` is the sum of its buckets (`Stock`), `given` the sum of what its direct children received; triggers compare
    both when a transaction ends. The issuer's node has no `giver`: it receives what the batch allots. Written by verbs
    only. No history: the deeds are in the audit, and the buckets say what is left.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.ForeignKey(
        "rewards.Batch", models.PROTECT, related_name="shares", verbose_name=_("coupon batch")
    )
    giver = models.ForeignKey(
        Branch,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("received from"),
    )
    received = models.PositiveIntegerField(_("received quota"), db_default=0)
    given = models.PositiveIntegerField(_("given on"), db_default=0)
    kept = models.PositiveIntegerField(_("kept quota"), db_default=0)
    # When the sweep found it nearly gone; empty again once it has enough.
    low_since = models.DateTimeField(_("low since"), null=True)

    class Meta:
        verbose_name = _("quota of a branch")
        verbose_name_plural = _("quotas of branches")
        ordering = ["branch_pos"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "branch"], name="rewards_share_is_one_per_branch"),
            models.CheckConstraint(
                condition=Q(received=F("given") + F("kept")), name="rewards_share_received_is_given_or_kept"
            ),
        ]
        indexes = [models.Index(fields=["batch", "giver"], name="rewards_share_of_giver")]

    def __str__(self) -> str:
        # A page that knows the batch names it.
        return str(getattr(self, "title", "") or self.received)


class Period(models.TextChoices):
    """For how long a cap counts."""

    DAY = "day", _("by day")
    WEEK = "week", _("by week")


class CapCount(TenantModel):
    """How many coupons of a batch a branch handed out in one local day or week, while the batch had a cap."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.ForeignKey(
        "rewards.Batch", models.PROTECT, related_name="cap_counts", verbose_name=_("coupon batch")
    )
    period = models.CharField(_("period"), max_length=4, choices=Period)
    starts = models.DateField(_("first day"))
    taken = models.PositiveIntegerField(_("claimed"), db_default=0)

    class Meta:
        verbose_name = _("count of a cap")
        verbose_name_plural = _("counts of caps")
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "branch", "period", "starts"], name="rewards_capcount_is_one_per_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.starts}: {self.taken}"
