"""Coupon batches as drafted and as published, and each branch's stock of them."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.customers.models import Profile
from campaigns.lib.ids import new_id
from campaigns.planning.models import Campaign
from campaigns.rewards.models.budgets import Payer
from campaigns.rewards.models.codes import Handing
from campaigns.rewards.models.giving import Giving, int_array
from campaigns.tenants.models import TenantModel, tracked


class Promise(Handing, Giving):
    """What a batch says: the columns that draft and published copy share."""

    title = models.CharField(_("title"), max_length=80)
    claim_from = models.DateTimeField(_("claims from"))
    claim_until = models.DateTimeField(_("claims until"))
    # Either a fixed window, or whole days after the claim.
    usable_from = models.DateTimeField(_("usable from"), null=True, blank=True)
    usable_until = models.DateTimeField(_("usable until"), null=True, blank=True)
    usable_days = models.PositiveSmallIntegerField(
        _("usable for days after the claim"), null=True, blank=True
    )
    # From the claim itself (0), or from the local midnight so many days after its day.
    usable_after_days = models.PositiveSmallIntegerField(
        _("usable from day"), default=0, db_default=0, blank=True
    )
    per_customer_limit = models.PositiveSmallIntegerField(
        _("limit per customer"), default=1, validators=[MinValueValidator(1)]
    )
    per_day_limit = models.PositiveSmallIntegerField(_("limit per day"), null=True, blank=True)
    per_week_limit = models.PositiveSmallIntegerField(_("limit per week"), null=True, blank=True)
    per_month_limit = models.PositiveSmallIntegerField(_("limit per month"), null=True, blank=True)
    # Who may claim; empty: whoever it is for. Customers are told no more than that it is not for them.
    claim_branches = int_array(_("customers of the branches"))
    tags_any = int_array(_("with any of the tags"))
    tags_none = int_array(_("with none of the tags"))
    stages = ArrayField(
        models.CharField(max_length=10, choices=Profile.Stage),
        verbose_name=_("in the stages of life"),
        default=list,
        db_default=[],
        blank=True,
    )
    new_within_days = models.PositiveSmallIntegerField(
        _("registered within days"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    # Against robots, for what everybody wants at once.
    needs_ticket = models.BooleanField(_("only from the batch's page"), default=False, db_default=False)
    # Claims wait for a release (models/releases.py), within the claim window.
    by_release = models.BooleanField(
        _("only while a livestream releases it"), default=False, db_default=False
    )
    per_device_limit = models.PositiveSmallIntegerField(_("limit per device"), null=True, blank=True)
    per_address_limit = models.PositiveIntegerField(_("limit per address range"), null=True, blank=True)
    holds_excess = models.BooleanField(
        _("beyond these, hold for review instead of refusing"), default=False, db_default=False
    )
    staff_may_claim = models.BooleanField(_("also for staff of the branch"), default=False, db_default=False)
    payer = models.CharField(_("paid by"), max_length=16, choices=Payer, default=Payer.HEAD_OFFICE)
    handed_down = models.BooleanField(_("also for the branches below"), default=False)
    quota = models.PositiveIntegerField(_("coupons in all"), validators=[MinValueValidator(1)])
    # At most so many claims at each branch, by its local day and week (Monday).
    cap_per_day = models.PositiveIntegerField(
        _("claims per branch and day"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    cap_per_week = models.PositiveIntegerField(
        _("claims per branch and week"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    # Who may allot hears when a branch has this much or less left of what it kept.
    low_percent = models.PositiveSmallIntegerField(
        _("warn at (% left)"), default=10, db_default=10, validators=[MaxValueValidator(100)]
    )

    class Meta:
        abstract = True
        constraints = [
            *Giving.Meta.constraints,
            models.CheckConstraint(
                condition=Q(claim_from__lt=F("claim_until")),
                name="%(app_label)s_%(class)s_claim_window_is_forward",
            ),
            models.CheckConstraint(
                condition=Q(usable_days__gte=1, usable_from__isnull=True, usable_until__isnull=True)
                | Q(usable_days__isnull=True, usable_from__isnull=False, usable_until__gt=F("usable_from")),
                name="%(app_label)s_%(class)s_usable_window_is_fixed_or_in_days",
            ),
            models.CheckConstraint(
                condition=Q(usable_days__isnull=False) | Q(usable_after_days=0, usable_until__isnull=False),
                name="%(app_label)s_%(class)s_only_days_begin_later",
            ),
            models.CheckConstraint(
                condition=Q(per_customer_limit__gte=1), name="%(app_label)s_%(class)s_limit_is_one_or_more"
            ),
            models.CheckConstraint(
                condition=(Q(per_day_limit__isnull=True) | Q(per_day_limit__gte=1))
                & (Q(per_week_limit__isnull=True) | Q(per_week_limit__gte=1))
                & (Q(per_month_limit__isnull=True) | Q(per_month_limit__gte=1))
                & (Q(new_within_days__isnull=True) | Q(new_within_days__gte=1)),
                name="%(app_label)s_%(class)s_limits_in_time_are_one_or_more",
            ),
            models.CheckConstraint(
                condition=(Q(per_device_limit__isnull=True) | Q(per_device_limit__gte=1))
                & (Q(per_address_limit__isnull=True) | Q(per_address_limit__gte=1))
                & (
                    Q(holds_excess=False)
                    | Q(per_device_limit__isnull=False)
                    | Q(per_address_limit__isnull=False)
                ),
                name="%(app_label)s_%(class)s_holds_what_it_limits",
            ),
            models.CheckConstraint(
                condition=(Q(cap_per_day__isnull=True) | Q(cap_per_day__gte=1))
                & (Q(cap_per_week__isnull=True) | Q(cap_per_week__gte=1))
                & Q(low_percent__lte=100),
                name="%(app_label)s_%(class)s_caps_are_one_or_more",
            ),
            models.CheckConstraint(
                condition=Q(stages__contained_by=Profile.Stage.values)
                & (Q(claim_branches__len=0) | Q(handed_down=True)),
                name="%(app_label)s_%(class)s_is_for_somebody",
            ),
            models.CheckConstraint(
                condition=Q(quota__gte=1), name="%(app_label)s_%(class)s_quota_is_one_or_more"
            ),
        ]


class Settled(models.Model):
    """What approval adds to a promise: names as they were read, and the days that a rule of the calendar meant."""

    redeem_names = ArrayField(
        models.CharField(max_length=120), verbose_name=_("may be redeemed at"), default=list, db_default=[]
    )
    # Of `redeem_merchants`, in their order.
    merchant_names = ArrayField(
        models.CharField(max_length=120), verbose_name=_("merchants by name"), default=list, db_default=[]
    )
    # By `day_rule`, from the first day on which a coupon can be used to the last.
    open_days = ArrayField(
        models.DateField(), verbose_name=_("days on which it is good"), default=list, db_default=[]
    )

    class Meta:
        abstract = True


@tracked(exclude=("allotted",))
class Batch(Promise):
    """The draft of a batch of coupons, and how much of its quota the branches were given.

    Customers meet the published copy (`LiveBatch`) only. `approved_quota` repeats the published quota, so that
    one CHECK on one row holds the allotments under it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, null=True, blank=True, related_name="batches", verbose_name=_("campaign")
    )
    allotted = models.PositiveIntegerField(_("allotted"), default=0, editable=False)
    approved_quota = models.PositiveIntegerField(_("approved quota"), null=True, editable=False)

    class Meta(Promise.Meta):
        verbose_name = _("coupon batch")
        verbose_name_plural = _("coupon batches")
        ordering = ["-id"]
        constraints = [
            *Promise.Meta.constraints,
            models.CheckConstraint(
                condition=Q(allotted__lte=F("quota")), name="rewards_batch_allotted_within_quota"
            ),
            models.CheckConstraint(
                condition=Q(approved_quota__isnull=True) | Q(allotted__lte=F("approved_quota")),
                name="rewards_batch_allotted_within_approved_quota",
            ),
        ]

    def __str__(self) -> str:
        return self.title


# The campaign is in the frozen revision; history need not copy it.
@tracked(exclude=("campaign_id",))
class LiveBatch(Promise, Settled):
    """The published copy: what customers see and claim. Written by go-live alone, from an approved revision.

    `campaign_id` is the campaign of that revision: what an emergency stop of the campaign finds it by.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.OneToOneField(Batch, models.PROTECT, related_name="live", verbose_name=_("coupon batch"))
    revision_id = models.UUIDField(_("revision"))
    sha256 = models.CharField(max_length=64)
    campaign_id = models.UUIDField(_("campaign"), null=True)
    shown_from = models.DateTimeField(_("shown from"))
    shown_until = models.DateTimeField(_("shown until"))

    class Meta(Promise.Meta):
        verbose_name = _("published batch")
        verbose_name_plural = _("published batches")
        ordering = ["claim_until", "id"]

    def __str__(self) -> str:
        return self.title


class Terms(Giving, Settled):
    """What one approved revision promised, for good: what redeeming a coupon of that revision goes by.

    Written by a trigger beside the published copy, and never changed: a batch that is edited and approved again gets
    another row, and coupons claimed before keep pointing at theirs. Claims write nothing of it.
    """

    revision_id = models.UUIDField(_("revision"), primary_key=True, editable=False)
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="terms", verbose_name=_("coupon batch"))

    class Meta(Giving.Meta):
        verbose_name = _("terms of coupons")
        verbose_name_plural = _("terms of coupons")

    def __str__(self) -> str:
        return str(self.revision_id)


class Stock(TenantModel):
    """One bucket of one branch's share of a batch. Many buckets, so that many can claim at once.

    No history: a row per claim would be written twice; the coupons are its history.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="stock", verbose_name=_("coupon batch"))
    bucket = models.PositiveSmallIntegerField(_("bucket"))
    allotted = models.PositiveIntegerField(_("allotted"))
    claimed = models.PositiveIntegerField(_("claimed"), db_default=0)

    class Meta:
        verbose_name = _("branch quota")
        verbose_name_plural = _("branch quotas")
        ordering = ["branch_pos", "bucket"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "branch", "bucket"], name="rewards_stock_bucket_is_unique_in_its_branch"
            ),
            models.CheckConstraint(
                condition=Q(claimed__lte=F("allotted")), name="rewards_stock_claimed_within_allotted"
            ),
            models.CheckConstraint(condition=Q(bucket__lt=64), name="rewards_stock_has_at_most_64_buckets"),
        ]

    def __str__(self) -> str:
        return f"{self.branch_id}/{self.bucket}"


class Origin(TenantModel):
    """How many coupons of a batch one device, or one range of addresses, has had. Written by the claim alone.

    No history, as with `Stock`. `branch` is whose batch it is.
    """

    class Kind(models.TextChoices):
        DEVICE = "device", _("device")
        ADDRESS = "address", _("address range")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.ForeignKey(
        Batch, models.PROTECT, related_name="origins", db_index=False, verbose_name=_("coupon batch")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    # Keyed: neither a device nor an address can be read from it.
    origin_hash = models.BinaryField(max_length=32)
    claimed = models.PositiveIntegerField(_("claimed"))

    class Meta:
        verbose_name = _("origin of claims")
        verbose_name_plural = _("origins of claims")
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "kind", "origin_hash"], name="rewards_origin_is_counted_once_a_batch"
            ),
        ]

    def __str__(self) -> str:
        return self.kind
