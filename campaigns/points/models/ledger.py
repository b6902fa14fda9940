"""The ledger: wallets, lots, movements of two or more entries that sum to zero, holds.

What a customer has is told by entries alone; `Wallet` and `Lot` carry their sums, which one trigger writes.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.customers.models import Customer, CustomerModel
from campaigns.lib.ids import new_id
from campaigns.rewards.models import Merchant
from campaigns.tenants.models import Branch, Person, TenantModel


class Account(models.TextChoices):
    """Where points are. The first four are a customer's, the others a branch's or a merchant's."""

    PENDING = "pending", _("not yet in force")
    WALLET = "wallet", _("usable")
    HELD = "held", _("held")
    OWED = "owed", _("owed by the customer")
    ISSUED = "issued", _("issued")
    EXPIRED = "expired", _("expired points")
    MALL = "mall", _("points mall")
    MERCHANT = "merchant", _("Merchant")
    DRAW = "draw", _("prize draws")
    WAIVED = "waived", _("written off")


CUSTOMERS_OWN = (Account.PENDING, Account.WALLET, Account.HELD, Account.OWED)


class MovementKind(models.TextChoices):
    """What moved points."""

    ACCRUE = "accrue", _("earned")
    ACTIVATE = "activate", _("came into force")
    BURN = "burn", _("points spent")
    HOLD = "hold", _("points set aside")
    RELEASE = "release", _("set free")
    COMMIT = "commit", _("spent as set aside")
    EXPIRE = "expire", _("lapsed")
    EXTEND = "extend", _("points extended")
    REVERSE = "reverse", _("movement taken back")
    TRANSFER = "transfer", _("passed on")
    ADJUST = "adjust", _("adjusted")
    MERGE = "merge", _("two customers became one")
    FORFEIT = "forfeit", _("given up")


class Ends(models.TextChoices):
    """Where a validity of n months ends: with the day, or with what that day lies in."""

    DAY = "day", _("to the day")
    MONTH = "month", _("to the end of the month")
    QUARTER = "quarter", _("to the end of the quarter")
    YEAR = "year", _("to the end of the year")


class Wallet(CustomerModel):
    """What one customer has: points not yet in force, usable, held, and what the customer owes.

    `usable` counts what has lapsed and no sweep has written off yet; every verb writes that off first, and what is
    shown leaves it out (selectors/balances.py). Entries are its history.
    """

    customer = models.OneToOneField(
        Customer,
        models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="points_wallet",
        verbose_name=_("customer"),
    )
    pending = models.BigIntegerField(_("not yet in force"), db_default=0)
    usable = models.BigIntegerField(_("usable"), db_default=0)
    held = models.BigIntegerField(_("held"), db_default=0)
    owed = models.BigIntegerField(_("owed by the customer"), db_default=0)

    class Meta:
        verbose_name = _("points wallet")
        verbose_name_plural = _("points wallets")
        constraints = [
            models.CheckConstraint(
                condition=Q(pending__gte=0, usable__gte=0, held__gte=0, owed__gte=0),
                name="points_wallet_is_never_negative",
            ),
        ]

    def __str__(self) -> str:
        # The title and the path of its page say it: whose it is in words, and no id.
        return str(self.customer) if self.customer_id else str(_("points wallet"))


class Lot(CustomerModel):
    """Points of one customer that were issued together and lapse together: what is left of them, and in which state.

    `active_at`: when what is pending comes into force; FOREVER when it waits for an event. `months` and `ends` say when
    it lapses from then on (no months: never); `expires_at` is written when it comes into force. Never earlier or later
    once written: an extension moves the rest to another lot.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="points_lots",
        verbose_name=_("customer"),
    )
    issuer = models.ForeignKey(
        Branch, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+",
        verbose_name=_("issued by"),
    )  # fmt: skip
    # The movement whose entries are what it began with.
    opened_by = models.UUIDField(_("movement"))
    points = models.BigIntegerField(_("points"))
    pending = models.BigIntegerField(_("not yet in force"), db_default=0)
    rest = models.BigIntegerField(_("usable"), db_default=0)
    held = models.BigIntegerField(_("held"), db_default=0)
    earned_at = models.DateTimeField(_("earned at"))
    active_at = models.DateTimeField(_("in force from"))
    months = models.PositiveSmallIntegerField(_("months"), null=True)
    ends = models.CharField(_("ends"), max_length=8, choices=Ends, default=Ends.DAY)
    expires_at = models.DateTimeField(_("lapses at"), null=True)

    class Meta:
        verbose_name = _("lot of points")
        verbose_name_plural = _("lots of points")
        ordering = ["expires_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(points__gt=0, pending__gte=0, rest__gte=0, held__gte=0)
                & Q(points__gte=F("pending") + F("rest") + F("held")),
                name="points_lot_holds_what_it_began_with_at_most",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=False) | Q(rest=0, held=0),
                name="points_lot_in_force_has_its_end",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "expires_at", "id"], name="points_lot_of_customer"),
            models.Index(fields=["expires_at"], condition=Q(rest__gt=0), name="points_lot_lapsing"),
            models.Index(fields=["active_at"], condition=Q(pending__gt=0), name="points_lot_pending"),
        ]

    def __str__(self) -> str:
        return f"{self.points}"


class Movement(TenantModel):
    """One movement of points: two or more entries that sum to zero. Never edited or deleted.

    `branch` is the customer's home then, or the branch that moved points of many. `key` is why it can happen once
    only. `follows`: what it takes back, sets free or spends. `cause` names the thing behind it, `rule_id` and
    `revision_id` the rule and its version, `person_id` who did it; `title` is what the customer reads, `reason` what
    staff wrote.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("movement"), max_length=8, choices=MovementKind)
    # Empty: of many customers, as their entries say.
    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+",
        verbose_name=_("customer"),
    )  # fmt: skip
    key = models.UUIDField(_("request key"), null=True)
    follows = models.ForeignKey(
        "self",
        models.DO_NOTHING,
        db_index=False,
        null=True,
        related_name="+",
        verbose_name=_("settles or takes back"),
    )
    at = models.DateTimeField(_("at"))
    title = models.CharField(_("title"), max_length=80)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    cause = models.CharField(_("cause"), max_length=120, blank=True)
    rule_id = models.UUIDField(_("points rule"), null=True)
    revision_id = models.UUIDField(_("revision"), null=True)
    person = models.ForeignKey(
        Person, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+",
        verbose_name=_("person"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("movement of points")
        verbose_name_plural = _("movements of points")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="points_movement_key_moves_once"),
            # A part of a bulk award is taken back for each customer once.
            models.UniqueConstraint(
                fields=["follows", "customer"],
                condition=Q(follows__isnull=False),
                name="points_movement_is_followed_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["rule_id", "-id"], condition=Q(rule_id__isnull=False), name="points_movement_of_rule"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Entry(TenantModel):
    """One side of a movement: so many points into an account (or, below zero, out of it). Never edited or deleted.

    `branch`: the customer's home then, the issuing branch, or the branch of the mall. `issuer` is whose liability a
    customer's points are; what customers owe (`owed`) is nobody's liability.
    """

    id = models.BigAutoField(primary_key=True)
    movement = models.ForeignKey(
        Movement, models.DO_NOTHING, db_constraint=False, related_name="entries", verbose_name=_("movement")
    )
    kind = models.CharField(_("movement"), max_length=8, choices=MovementKind)
    account = models.CharField(_("ledger account"), max_length=8, choices=Account)
    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+",
        verbose_name=_("customer"),
    )  # fmt: skip
    lot = models.ForeignKey(
        Lot, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+",
        verbose_name=_("lot of points"),
    )  # fmt: skip
    issuer = models.ForeignKey(
        Branch, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+",
        verbose_name=_("issued by"),
    )  # fmt: skip
    merchant = models.ForeignKey(
        Merchant, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+",
        verbose_name=_("merchant"),
    )  # fmt: skip
    points = models.BigIntegerField(_("points"))
    at = models.DateTimeField(_("at"))
    title = models.CharField(_("title"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(points=0), name="points_entry_moves_something"),
            models.CheckConstraint(
                condition=Q(account__in=["pending", "wallet", "held"], customer__isnull=False,
                            lot__isnull=False, issuer__isnull=False, merchant__isnull=True)
                | Q(account="owed", customer__isnull=False, lot__isnull=True, issuer__isnull=True,
                    merchant__isnull=True)
                | Q(account__in=["issued", "expired", "mall", "draw", "waived"], customer__isnull=True,
                    lot__isnull=True, merchant__isnull=True)
                | Q(account="merchant", customer__isnull=True, lot__isnull=True, merchant__isnull=False),
                name="points_entry_account_has_its_owner",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["customer", "-id"],
                condition=Q(customer__isnull=False),
                name="points_entry_of_customer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.points:+d}"


class Hold(CustomerModel):
    """Points set aside for something that is not settled yet, until a moment; then they are free by themselves.

    Its id is that of the movement that set them aside.
    """

    class State(models.TextChoices):
        OPEN = "open", _("not settled")
        COMMITTED = "spent", _("points spent")
        RELEASED = "free", _("set free")

    id = models.UUIDField(primary_key=True, editable=False)
    points = models.BigIntegerField(_("points"))
    until = models.DateTimeField(_("until"))
    state = models.CharField(_("state"), max_length=8, choices=State, db_default="open")
    settled_at = models.DateTimeField(_("settled at"), null=True)

    class Meta:
        verbose_name = _("hold of points")
        verbose_name_plural = _("holds of points")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(points__gt=0), name="points_hold_holds_something"),
            models.CheckConstraint(
                condition=Q(state="open", settled_at__isnull=True)
                | (~Q(state="open") & Q(settled_at__isnull=False)),
                name="points_hold_is_settled_or_open",
            ),
        ]
        indexes = [models.Index(fields=["until"], condition=Q(state="open"), name="points_hold_open")]

    def __str__(self) -> str:
        return f"{self.points}"
