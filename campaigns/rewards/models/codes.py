"""Codes that claim a coupon, and codes of others that a coupon brings."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel


class ClaimsBy(models.TextChoices):
    """What a customer types in to claim; empty: nothing."""

    SHARED = "shared", _("one code for all")
    SINGLE = "single", _("a code of one's own, good once")


class Handing(models.Model):
    """How a coupon gets to its holder, and on to another: the columns that draft and published copy share."""

    claims_by = models.CharField(
        _("code to claim"), max_length=8, choices=ClaimsBy, blank=True, default="", db_default=""
    )
    # Each coupon brings a code of somebody else's: phone credit, data, a subscription.
    draws_codes = models.BooleanField(_("brings a third-party code"), default=False, db_default=False)
    may_be_given = models.BooleanField(_("may be given to another customer"), default=False, db_default=False)

    class Meta:
        abstract = True


class Lockable(models.Model):
    """A coupon set aside for an order until a moment. A lock whose time has passed counts for nothing, swept or not."""

    locked_until = models.DateTimeField(_("set aside until"), null=True)
    locked_for = models.CharField(_("set aside for the order"), max_length=64, blank=True, db_default="")

    class Meta:
        abstract = True


class CodeRun(TenantModel):
    """Codes to claim that were made together: by a pattern or at random, or one for all.

    The codes follow from the run's id and their number under a key of the installation (`codes.claim_code`), so they
    are kept nowhere and can be written out again for who asked, until `kept_until`. `first` and `until`: the numbers
    that were made; `skipped` are those whose code another number has. `shared`: the one code for all, sealed.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.ForeignKey(
        "rewards.Batch", models.PROTECT, related_name="code_runs", verbose_name=_("coupon batch")
    )
    pattern = models.CharField(_("pattern"), max_length=40, blank=True)
    number = models.PositiveIntegerField(_("how many"))
    made = models.PositiveIntegerField(_("made"), default=0)
    until = models.PositiveIntegerField(_("numbers tried"), default=0)
    skipped = models.JSONField(_("numbers left out"), default=list)
    shared = models.BinaryField(default=b"")
    person_id = models.UUIDField(_("asked by"), null=True)
    asked_by = models.CharField(_("asked by"), max_length=60, blank=True)
    at = models.DateTimeField(_("asked at"))
    job_id = models.UUIDField(_("long job"), null=True)
    kept_until = models.DateTimeField(_("can be taken until"))
    closed_at = models.DateTimeField(_("out of force since"), null=True)

    class Meta:
        verbose_name = _("run of codes to claim")
        verbose_name_plural = _("codes to claim")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(number__gte=1, made__lte=models.F("number")),
                name="rewards_coderun_makes_no_more_than_asked",
            ),
        ]

    def __str__(self) -> str:
        return self.pattern or str(self.id)[-8:]


class ClaimCode(TenantModel):
    """One code to claim: only its keyed hash. Spent by the coupon that it claimed, once; the one for all by none."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run = models.ForeignKey(
        CodeRun, models.PROTECT, db_index=False, related_name="codes", verbose_name=_("codes to claim")
    )
    batch_id = models.UUIDField(_("coupon batch"))
    code_hash = models.BinaryField(max_length=32)
    is_shared = models.BooleanField(_("for all"), default=False)
    coupon_id = models.UUIDField(_("spent by"), null=True)

    class Meta:
        verbose_name = _("code to claim")
        verbose_name_plural = _("codes to claim")
        constraints = [
            models.UniqueConstraint(
                fields=["batch_id", "code_hash"], name="rewards_claimcode_claims_for_one_batch_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class PartnerCode(TenantModel):
    """A code of somebody else's, sealed under the installation's key; drawn once, with a coupon, shown to its holder.

    What was shown is spent, whatever becomes of the coupon.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.ForeignKey(
        "rewards.Batch",
        models.PROTECT,
        db_index=False,
        related_name="partner_codes",
        verbose_name=_("coupon batch"),
    )
    file_id = models.UUIDField(_("file"))
    code_hash = models.BinaryField(max_length=32)
    sealed = models.BinaryField()
    coupon_id = models.UUIDField(pgettext_lazy("third-party code", "drawn by"), null=True)
    drawn_at = models.DateTimeField(_("drawn at"), null=True)
    shown_at = models.DateTimeField(_("first shown at"), null=True)

    class Meta:
        verbose_name = _("third-party code")
        verbose_name_plural = _("third-party codes")
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "code_hash"], name="rewards_partnercode_stands_once_in_its_batch"
            ),
            models.UniqueConstraint(fields=["coupon_id"], name="rewards_partnercode_one_for_a_coupon"),
            models.CheckConstraint(
                condition=Q(coupon_id__isnull=True, drawn_at__isnull=True, shown_at__isnull=True)
                | Q(coupon_id__isnull=False, drawn_at__isnull=False),
                name="rewards_partnercode_drawn_has_its_coupon",
            ),
        ]
        indexes = [
            models.Index(
                fields=["batch", "id"], condition=Q(coupon_id=None), name="rewards_partnercode_left"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Gift(TenantModel):
    """A coupon offered to whoever has its link, for a time; only the link's hash is kept.

    `branch` is the coupon's. An offer that nobody took by `until` counts for nothing. `made_id` is the coupon that the
    receiver holds since `accepted_at`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    coupon = models.ForeignKey(
        "rewards.Coupon", models.PROTECT, related_name="gifts", verbose_name=_("coupon")
    )
    giver_id = models.UUIDField(_("giver"))
    token_hash = models.BinaryField(max_length=32)
    at = models.DateTimeField(_("offered at"))
    until = models.DateTimeField(_("offered until"))
    receiver_id = models.UUIDField(_("receiver"), null=True)
    made_id = models.UUIDField(_("the receiver's coupon"), null=True)
    accepted_at = models.DateTimeField(_("taken at"), null=True)
    withdrawn_at = models.DateTimeField(_("taken back at"), null=True)

    class Meta:
        verbose_name = _("gift")
        verbose_name_plural = _("gifts")
        ordering = ["-id"]
        constraints = [
            # Bank-wide on purpose: whoever has the link asks by it. Asked through the verb only.
            models.UniqueConstraint(fields=["token_hash"], name="rewards_gift_token_is_unique"),
            models.CheckConstraint(
                condition=Q(until__gt=models.F("at")), name="rewards_gift_window_is_forward"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, receiver_id__isnull=True, made_id__isnull=True)
                | Q(
                    accepted_at__isnull=False,
                    receiver_id__isnull=False,
                    made_id__isnull=False,
                    withdrawn_at__isnull=True,
                ),
                name="rewards_gift_taken_has_its_receiver",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class RefusalCount(TenantModel):
    """How often claims, grants and redemptions of a batch were refused for a reason, on a day of UTC."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.ForeignKey(
        "rewards.Batch",
        models.PROTECT,
        db_index=False,
        related_name="refusals",
        verbose_name=_("coupon batch"),
    )
    day = models.DateField(_("day"))
    deed = models.CharField(_("what was refused"), max_length=8)
    code = models.CharField(_("code"), max_length=60)
    number = models.PositiveBigIntegerField(_("how often"))

    class Meta:
        verbose_name = _("refusals of a day")
        verbose_name_plural = _("refusals of a day")
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "day", "deed", "code"], name="rewards_refusalcount_stands_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.code}"
