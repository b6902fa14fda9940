"""Tiers of customers: the scheme as drafted and as published, who holds which tier until when, and how that came."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.customers.models import Customer, CustomerModel
from campaigns.lib.ids import new_id
from campaigns.points.models.ledger import Ends
from campaigns.tenants.models import TenantModel, tracked


class Period(models.TextChoices):
    """In which days points count, by the clock of the customer's home branch."""

    ROLLING = "rolling", _("the last months")
    YEAR = "year", _("the calendar year")


class Counts(models.TextChoices):
    """Which points count. What was taken back never does."""

    RULE = "rule", _("earned by rules")
    AWARD = "award", _("awarded")
    ADJUST = "adjust", _("adjusted by hand")


def _counts() -> list[str]:
    return [Counts.RULE, Counts.AWARD]


class Ranks(TenantModel):
    """What a scheme of tiers says: the columns that draft and published copy share.

    `tiers`, from the lowest to the highest, the first at 0 points: [{"code", "name", "threshold" (points),
    "multiplier" (tenths, of what rules give), "discount" (percent off in the mall), "perks": [{"title", "text"}]}].
    A tier is kept for `keep_months` from the day it was reached, to the end of `keep_ends`; nobody falls without a
    notice that lies `notice_days` back.
    """

    title = models.CharField(_("title"), max_length=80)
    period = models.CharField(_("points count of"), max_length=8, choices=Period, default=Period.ROLLING)
    months = models.PositiveSmallIntegerField(
        _("so many months"),
        null=True,
        blank=True,
        default=12,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
    )
    counts = ArrayField(
        models.CharField(max_length=8, choices=Counts), verbose_name=_("points that count"), default=_counts
    )
    tiers = models.JSONField(_("tiers"), default=list)
    keep_months = models.PositiveSmallIntegerField(
        _("a tier is kept for months"), default=12, validators=[MaxValueValidator(60)]
    )
    keep_ends = models.CharField(_("to the end of"), max_length=8, choices=Ends, default=Ends.MONTH)
    notice_days = models.PositiveSmallIntegerField(
        _("days of notice before a fall"),
        default=30,
        validators=[MinValueValidator(7), MaxValueValidator(180)],
    )
    # Always: a scheme is for whoever is at home at its branch or below, unless a nearer one is.
    handed_down = models.BooleanField(
        _("also for the branches below"), default=True, db_default=True, editable=False
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(period="rolling", months__isnull=False, months__gte=1)
                | Q(period="year", months__isnull=True),
                name="%(app_label)s_%(class)s_counts_months_or_the_year",
            ),
            models.CheckConstraint(
                condition=Q(notice_days__gte=7), name="%(app_label)s_%(class)s_gives_a_week_of_notice"
            ),
            models.CheckConstraint(
                condition=Q(handed_down=True), name="%(app_label)s_%(class)s_is_for_all_below"
            ),
            models.UniqueConstraint(fields=["branch"], name="%(app_label)s_%(class)s_is_one_a_branch"),
        ]


@tracked()
class Tiers(Ranks):
    """The draft of a scheme. Customers hold tiers of the published copy (`LiveTiers`) alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta(Ranks.Meta):
        verbose_name = _("scheme of tiers")
        verbose_name_plural = _("schemes of tiers")
        ordering = ["branch_pos"]

    def __str__(self) -> str:
        return self.title


@tracked()
class LiveTiers(Ranks):
    """The published copy: by what tiers are reached, kept and lost. Written by go-live alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    scheme = models.OneToOneField(
        Tiers, models.PROTECT, related_name="live", verbose_name=_("scheme of tiers")
    )
    revision_id = models.UUIDField(_("revision"))
    sha256 = models.CharField(max_length=64)
    shown_from = models.DateTimeField(_("shown from"))
    shown_until = models.DateTimeField(_("shown until"))

    class Meta(Ranks.Meta):
        verbose_name = _("published scheme of tiers")
        verbose_name_plural = _("published schemes of tiers")
        ordering = ["branch_pos"]

    def __str__(self) -> str:
        return self.title


class CustomerTier(CustomerModel):
    """The tier that a customer holds. Who has no row holds the lowest of the scheme that applies.

    `threshold`: what the tier asked for when it was given, so that it has its place in another scheme too.
    `kept_until` (exclusive) is empty for the lowest. `noticed_at`: when the customer was told of the coming fall.
    Written by the verbs of tiers alone (sql/tiers.py).
    """

    customer = models.OneToOneField(
        Customer, models.DO_NOTHING, db_constraint=False, primary_key=True, related_name="points_tier",
        verbose_name=_("customer"),
    )  # fmt: skip
    scheme = models.ForeignKey(
        Tiers, models.PROTECT, db_index=False, related_name="+", verbose_name=_("scheme of tiers")
    )
    revision_id = models.UUIDField(_("revision"))
    code = models.CharField(_("tier"), max_length=20)
    threshold = models.PositiveIntegerField(_("points it asks for"))
    since = models.DateTimeField(_("held since"))
    kept_until = models.DateTimeField(_("tier kept until"), null=True)
    noticed_at = models.DateTimeField(_("notice sent at"), null=True)

    class Meta:
        verbose_name = _("tier of a customer")
        verbose_name_plural = _("tiers of customers")
        ordering = ["-threshold", "customer"]
        constraints = [
            models.CheckConstraint(
                condition=Q(noticed_at__isnull=True) | Q(kept_until__isnull=False),
                name="points_customertier_notice_is_of_an_end",
            ),
        ]

    def __str__(self) -> str:
        return str(self.customer)


class TierChange(CustomerModel):
    """What happened to a customer's tier, and why: the state after it. Never edited.

    `points`: those that counted; `missing`: how many a notice says are missing by `kept_until`, or by the end of the
    days of notice. Erasure deletes the rows with the customer's tier.
    """

    class Why(models.TextChoices):
        REACHED = "reached", _("reached by points")
        RENEWED = "renewed", _("points were enough to keep it")
        NOTICE = "notice", _("notice of a coming fall")
        WITHDRAWN = "withdrawn", _("notice withdrawn: points are enough")
        NOT_KEPT = "not_kept", _("points were not enough to keep it")
        SCHEME = "scheme", _("another scheme, or another version of it")
        MERGE = "merge", _("two customers became one")
        UNMERGE = "unmerge", _("two customers became two again")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    scheme = models.ForeignKey(
        Tiers, models.PROTECT, db_index=False, related_name="+", verbose_name=_("scheme of tiers")
    )
    revision_id = models.UUIDField(_("revision"))
    was = models.CharField(_("tier before"), max_length=20)
    became = models.CharField(_("tier after"), max_length=20)
    threshold = models.PositiveIntegerField(_("points it asks for"))
    why = models.CharField(_("why"), max_length=9, choices=Why)
    at = models.DateTimeField(_("at"))
    points = models.BigIntegerField(_("points counted"))
    missing = models.BigIntegerField(_("points missing"), null=True)
    until = models.DateTimeField(_("until"), null=True)
    kept_until = models.DateTimeField(_("tier kept until"), null=True)

    class Meta:
        verbose_name = _("change of a tier")
        verbose_name_plural = _("changes of tiers")
        ordering = ["-id"]
        indexes = [models.Index(fields=["customer", "-id"], name="points_tierchange_of_customer")]

    def __str__(self) -> str:
        return f"{self.was} > {self.became}"


class TierDue(TenantModel):
    """A movement after which tiers are looked at again: laid with it by a trigger, gone once that is done.

    `customer_id` is empty for a movement of many.
    """

    movement_id = models.UUIDField(primary_key=True, editable=False)
    customer_id = models.UUIDField(_("customer"), null=True)

    class Meta:
        verbose_name = _("movement that tiers wait for")
        verbose_name_plural = _("movements that tiers wait for")

    def __str__(self) -> str:
        return str(self.movement_id)
