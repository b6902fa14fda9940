"""Money for coupons: budgets, what batches draw on them, what is reserved where, and every movement."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.planning.models import Campaign
from campaigns.tenants.models import Branch, Person, TenantModel


class Payer(models.TextChoices):
    """Whose money a redemption spends."""

    HEAD_OFFICE = "head_office", _("Head office")
    BRANCH = "branch", _("Branch")
    MERCHANT = "merchant", _("Merchant")


class Budget(TenantModel):
    """Money a branch may promise in coupons within a window. All amounts in fen.

    Somebody asks for a total, another person approves it. `taken_fen` is everything that reservations hold of it,
    spent or not; claims and redemptions leave this row alone.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=80)
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, null=True, blank=True, related_name="budgets", verbose_name=_("campaign")
    )
    valid_from = models.DateTimeField(_("reserves from"))
    valid_until = models.DateTimeField(_("reserves until"))
    total_fen = models.BigIntegerField(_("approved (fen)"), db_default=0, editable=False)
    taken_fen = models.BigIntegerField(_("taken (fen)"), db_default=0, editable=False)
    # The total somebody asks for, until another person approves it.
    asked_fen = models.BigIntegerField(
        _("asked for (fen)"), null=True, blank=True, validators=[MinValueValidator(0)]
    )
    # A trigger writes who acts; people may be of a branch that the writer does not see, so no key of the database's.
    asked_by = models.ForeignKey(
        Person,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
        editable=False,
        verbose_name=_("asked for by"),
    )
    approved_by = models.ForeignKey(
        Person,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
        editable=False,
        verbose_name=_("approved by"),
    )
    approved_at = models.DateTimeField(_("approved at"), null=True, editable=False)

    class Meta:
        verbose_name = _("coupon budget")
        verbose_name_plural = _("coupon budgets")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(taken_fen__gte=0) & Q(taken_fen__lte=F("total_fen")),
                name="rewards_budget_taken_within_total",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__lt=F("valid_until")), name="rewards_budget_window_is_forward"
            ),
            models.CheckConstraint(
                condition=Q(asked_fen__isnull=True) | Q(asked_fen__gte=0, asked_by__isnull=False),
                name="rewards_budget_somebody_asked",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Funding(TenantModel):
    """On which budget a batch draws for one payer. Fixed while any of the batch is allotted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.ForeignKey(
        "rewards.Batch", models.PROTECT, related_name="funding", verbose_name=_("coupon batch")
    )
    payer = models.CharField(_("paid by"), max_length=16, choices=Payer)
    budget = models.ForeignKey(
        Budget, models.PROTECT, related_name="funding", verbose_name=_("coupon budget")
    )

    class Meta:
        verbose_name = _("budget of a batch")
        verbose_name_plural = _("budgets of batches")
        constraints = [
            models.UniqueConstraint(fields=["batch", "payer"], name="rewards_funding_is_one_per_payer"),
        ]

    def __str__(self) -> str:
        return f"{self.payer}: {self.budget_id}"


class Reservation(TenantModel):
    """What one branch's node of a batch holds of a budget, in fen, for one payer.

    `reserved`: for coupons that nobody claimed or redeemed yet. `spent`: what open redemptions were worth. `held`: what
    those were worth less than the coupon; free again once they cannot be reversed any more. The budget's `taken_fen` is
    the sum of all three. A redemption locks this row of the customer's own branch and no other.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.ForeignKey(
        "rewards.Batch", models.PROTECT, related_name="reservations", verbose_name=_("coupon batch")
    )
    payer = models.CharField(_("paid by"), max_length=16, choices=Payer)
    budget = models.ForeignKey(
        Budget, models.PROTECT, related_name="reservations", verbose_name=_("coupon budget")
    )
    reserved_fen = models.BigIntegerField(_("reserved (fen)"), db_default=0)
    held_fen = models.BigIntegerField(_("not yet free (fen)"), db_default=0)
    spent_fen = models.BigIntegerField(_("spent (fen)"), db_default=0)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "branch", "payer"], name="rewards_reservation_is_one_per_payer"
            ),
            models.CheckConstraint(
                condition=Q(reserved_fen__gte=0, held_fen__gte=0, spent_fen__gte=0),
                name="rewards_reservation_is_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch_id}: {self.reserved_fen}"


class Did(models.TextChoices):
    """What moved money."""

    APPROVE = "approve", _("total approved")
    RESERVE = "reserve", _("reserved")
    RELEASE = "release", _("released")
    SPEND = "spend", _("spent")
    RETURN = "return", _("returned")
    SETTLE = "settle", _("worth less, released")


class Movement(TenantModel):
    """One movement of a budget, by its cause; never edited or deleted. `branch` is the budget's.

    The columns in fen are what was added to the budget's total, and to what the node at `place` had reserved, held and
    spent: their sums are the totals on those rows.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    budget = models.ForeignKey(
        Budget, models.PROTECT, related_name="movements", db_index=False, verbose_name=_("coupon budget")
    )
    batch = models.ForeignKey(
        "rewards.Batch", models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("coupon batch"),
    )  # fmt: skip
    place = models.ForeignKey(
        Branch, models.DO_NOTHING, null=True, related_name="+", db_index=False, verbose_name=_("at branch")
    )
    payer = models.CharField(_("paid by"), max_length=16, choices=Payer, blank=True)
    did = models.CharField(_("movement"), max_length=8, choices=Did)
    total_fen = models.BigIntegerField(_("approved (fen)"), db_default=0)
    reserved_fen = models.BigIntegerField(_("reserved (fen)"), db_default=0)
    held_fen = models.BigIntegerField(_("not yet free (fen)"), db_default=0)
    spent_fen = models.BigIntegerField(_("spent (fen)"), db_default=0)
    # What it was for: a batch, a redemption, a budget.
    cause = models.CharField(_("cause"), max_length=80)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("budget movement")
        verbose_name_plural = _("budget movements")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "payer", "cause", "did"],
                condition=Q(did__in=["spend", "return", "settle"]),
                name="rewards_movement_of_a_redemption_is_one",
            ),
        ]
        indexes = [
            models.Index(fields=["budget", "-id"], name="rewards_movement_of_budget"),
            models.Index(
                fields=["batch", "place", "payer"],
                condition=Q(did="spend", held_fen__gt=0),
                name="rewards_movement_held",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.did}: {self.cause}"
