"""Coupons, redemptions and their reversals."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.customers.models import Customer
from campaigns.lib.ids import new_id
from campaigns.rewards.models.batches import Batch
from campaigns.rewards.models.budgets import Payer
from campaigns.rewards.models.codes import Lockable
from campaigns.rewards.models.giving import Kind
from campaigns.rewards.models.grants import How
from campaigns.rewards.models.merchants import Merchant
from campaigns.tenants.models import Branch, Person, TenantModel, tracked


class Status(models.TextChoices):
    """Where a coupon stands; the allowed moves are `rules.MOVES`, kept by a trigger as well."""

    # Claimed beyond a limit of the batch, and not good before somebody has looked.
    HELD = "held", _("Held for review")
    CLAIMED = "claimed", _("Claimed")
    REDEEMED = "redeemed", _("Redeemed")
    VOID = "void", _("Void")
    EXPIRED = "expired", _("Expired")
    GIVEN = "given", _("Given away")


@tracked()
class Coupon(Lockable, TenantModel):
    """What one customer holds. Its window was made when it was claimed; what it gives, when and where are the `Terms`
    of its revision, of which the columns that figures ask are repeated here.

    `branch` is the customer's home branch at the claim; `issuer` is whose batch it is; `redeemed_place` is where
    it was last redeemed. Written by verbs only. The code itself is stored nowhere (campaigns/rewards/codes.py).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Without indexes of their own: others below begin with them.
    batch = models.ForeignKey(
        Batch, models.PROTECT, related_name="coupons", db_index=False, verbose_name=_("coupon batch")
    )
    revision_id = models.UUIDField(_("revision"))
    issuer = models.ForeignKey(
        Branch, models.DO_NOTHING, related_name="+", db_index=False, verbose_name=_("issuer")
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="coupons", db_index=False, verbose_name=_("customer")
    )
    nth = models.PositiveSmallIntegerField(_("number per customer"))
    how = models.CharField(
        _("came by it"), max_length=8, choices=How, default="claimed", db_default="claimed"
    )
    caused_by = models.CharField(_("cause"), max_length=80, blank=True, db_default="")
    code_hash = models.BinaryField(max_length=32)
    title = models.CharField(_("title"), max_length=80)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    threshold_fen = models.BigIntegerField(_("order from (fen)"))
    off_fen = models.BigIntegerField(_("money off (fen)"))
    payer = models.CharField(_("paid by"), max_length=16, choices=Payer)
    claimed_at = models.DateTimeField(_("claimed at"))
    usable_from = models.DateTimeField(_("usable from"))
    usable_until = models.DateTimeField(_("usable until"))
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.CLAIMED)
    # When it came to stand there, by a trigger; empty for what nobody has moved since the claim.
    moved_at = models.DateTimeField(_("moved at"), null=True, editable=False)
    # Ever, reversals included: a redeem token names this number, so that none works twice.
    redeemed_times = models.PositiveSmallIntegerField(_("times redeemed"), default=0)
    redeemed_at = models.DateTimeField(_("redeemed at"), null=True)
    redeemed_place = models.ForeignKey(
        Branch,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("redeemed at branch"),
    )

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        ordering = ["-id"]
        constraints = [
            # Bank-wide on purpose: a clerk anywhere asks by code. Asked through the redeem verb only.
            models.UniqueConstraint(fields=["code_hash"], name="rewards_coupon_code_hash_is_unique"),
            models.UniqueConstraint(
                fields=["batch", "customer", "nth"], name="rewards_coupon_number_per_customer_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(usable_from__lt=F("usable_until")), name="rewards_coupon_usable_window_is_forward"
            ),
            models.CheckConstraint(
                condition=Q(status=Status.REDEEMED, redeemed_at__isnull=False, redeemed_place__isnull=False)
                | (~Q(status=Status.REDEEMED) & Q(redeemed_at__isnull=True, redeemed_place__isnull=True)),
                name="rewards_coupon_redeemed_has_time_and_place",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="rewards_coupon_of_customer"),
            models.Index(fields=["batch", "branch"], name="rewards_coupon_of_batch"),
            models.Index(fields=["usable_until"], condition=Q(status="claimed"), name="rewards_coupon_due"),
            models.Index(fields=["branch_pos", "id"], condition=Q(status="held"), name="rewards_coupon_held"),
        ]

    def __str__(self) -> str:
        return self.title


class Redemption(TenantModel):
    """One coupon spent at one branch. Never changed: a mistake is a `Reversal` that points here.

    `branch` is the place of redemption. `follows` is the reversal that made the coupon free again; unique per
    coupon with one empty value, it allows one open redemption at a time and no row is ever edited for it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="redemptions", verbose_name=_("coupon"))
    follows = models.ForeignKey(
        "Reversal",
        models.PROTECT,
        null=True,
        related_name="followed_by",
        db_index=False,
        verbose_name=_("follows"),
    )
    home = models.ForeignKey(
        Branch, models.DO_NOTHING, related_name="+", db_index=False, verbose_name=_("customer's branch")
    )
    issuer = models.ForeignKey(
        Branch, models.DO_NOTHING, related_name="+", db_index=False, verbose_name=_("issuer")
    )
    # Whose till it was; empty: the branch's own counter.
    merchant = models.ForeignKey(
        Merchant,
        models.PROTECT,
        null=True,
        related_name="redemptions",
        db_index=False,
        db_constraint=False,
        verbose_name=_("merchant"),
    )
    # Empty: the customer, for an order. Then `order_key` says which.
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("clerk"))
    order_key = models.CharField(_("order number"), max_length=64, blank=True, db_default="")
    at = models.DateTimeField(_("redeemed at"))
    title = models.CharField(_("title"), max_length=80)
    off_fen = models.BigIntegerField(_("money off (fen)"))
    order_fen = models.BigIntegerField(_("order (fen)"), null=True)
    payer = models.CharField(_("paid by"), max_length=16, choices=Payer)

    class Meta:
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["coupon", "follows"],
                nulls_distinct=False,
                name="rewards_redemption_one_is_open_per_coupon",
            ),
            models.CheckConstraint(
                condition=Q(order_fen__isnull=True) | Q(order_fen__gte=0),
                name="rewards_redemption_order_is_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=False, order_key="") | (Q(person__isnull=True) & ~Q(order_key="")),
                name="rewards_redemption_is_a_clerks_or_an_orders",
            ),
            # The order number is the shop's own, so the place is part of it. A cancelled one stays used up.
            models.UniqueConstraint(
                fields=["branch", "merchant", "order_key"],
                condition=~Q(order_key=""),
                nulls_distinct=False,
                name="rewards_redemption_order_is_paid_once",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Reversal(TenantModel):
    """A redemption taken back, by the branch that made it, the same local day."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    redemption = models.OneToOneField(
        Redemption, models.PROTECT, related_name="reversal", verbose_name=_("redemption")
    )
    # Empty: the customer, whose order was cancelled.
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("clerk"))
    at = models.DateTimeField(_("reversed at"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("reversal")
        verbose_name_plural = _("reversals")
        ordering = ["-id"]

    def __str__(self) -> str:
        return str(self.redemption_id)
