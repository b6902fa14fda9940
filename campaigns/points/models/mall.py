"""The points mall: goods as drafted and as published, how many there are, what customers ordered."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from campaigns.customers.models import CustomerModel
from campaigns.lib.ids import new_id
from campaigns.rewards.models import Batch
from campaigns.tenants.models import Branch, TenantModel, tracked


class GoodKind(models.TextChoices):
    """How a customer gets what points bought."""

    PARCEL = "parcel", _("delivered to the customer")
    PICKUP = "pickup", _("picked up at a branch")
    COUPON = "coupon", _("a coupon of a batch")


class OnSale(TenantModel):
    """What a good says: the columns that draft and published copy share. Points are whole, money is fen."""

    title = models.CharField(_("title"), max_length=80)
    text = models.CharField(_("what the customer reads"), max_length=500, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=GoodKind, default=GoodKind.PARCEL)
    price_points = models.PositiveIntegerField(_("price in points"), validators=[MinValueValidator(1)])
    cash_fen = models.PositiveBigIntegerField(_("and in money (fen)"), default=0)
    per_customer_limit = models.PositiveSmallIntegerField(
        _("limit per customer"), default=1, validators=[MinValueValidator(1)]
    )
    open_from = models.DateTimeField(_("orders from"))
    open_until = models.DateTimeField(_("orders until"))
    handed_down = models.BooleanField(_("also for the branches below"), default=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(open_from__lt=F("open_until")),
                name="%(app_label)s_%(class)s_order_window_is_forward",
            ),
            models.CheckConstraint(
                condition=Q(price_points__gte=1, per_customer_limit__gte=1, cash_fen__gte=0),
                name="%(app_label)s_%(class)s_has_a_price_and_a_limit",
            ),
            # A coupon is handed out with the order, so nothing may be left to pay.
            models.CheckConstraint(
                condition=Q(kind="coupon", batch__isnull=False, cash_fen=0)
                | (~Q(kind="coupon") & Q(batch__isnull=True)),
                name="%(app_label)s_%(class)s_coupon_has_its_batch_and_no_cash",
            ),
        ]


@tracked()
class Good(OnSale):
    """The draft of a good of the points mall. Customers meet the published copy (`LiveGood`) only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.ForeignKey(
        Batch, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("coupon batch")
    )

    class Meta(OnSale.Meta):
        verbose_name = _("good of the points mall")
        verbose_name_plural = _("goods of the points mall")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title


@tracked()
class LiveGood(OnSale):
    """The published copy: what customers see and order. Written by go-live alone, from an approved revision."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    good = models.OneToOneField(Good, models.PROTECT, related_name="live", verbose_name=_("good"))
    batch = models.ForeignKey(
        Batch, models.PROTECT, null=True, related_name="+", verbose_name=_("coupon batch")
    )
    revision_id = models.UUIDField(_("revision"))
    sha256 = models.CharField(max_length=64)
    shown_from = models.DateTimeField(_("shown from"))
    shown_until = models.DateTimeField(_("shown until"))

    class Meta(OnSale.Meta):
        verbose_name = _("published good")
        verbose_name_plural = _("published goods")
        ordering = ["open_until", "id"]

    def __str__(self) -> str:
        return self.title


class GoodStock(TenantModel):
    """How many of a good there are in all (`total`), and how many orders took (`taken`), cancelled ones given back.

    No history: it would be written twice an order; orders and the audit are its history. Locked last.
    """

    good = models.OneToOneField(
        Good, models.PROTECT, primary_key=True, related_name="stock", verbose_name=_("good")
    )
    total = models.PositiveIntegerField(_("in all"))
    taken = models.PositiveIntegerField(_("ordered"), db_default=0)

    class Meta:
        verbose_name = _("stock of a good")
        verbose_name_plural = _("stock of goods")
        constraints = [
            models.CheckConstraint(
                condition=Q(taken__gte=0, taken__lte=F("total")), name="points_goodstock_taken_within_total"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.taken}/{self.total}"


class MallOrder(CustomerModel):
    """What a customer ordered for points, as the good was then. The moves of its state are kept by a trigger.

    `branch` is the customer's home, as with all that is a customer's; `seller` is whose good it was. `movement_id`
    took the points (empty while they are only held, by `hold_id`). `ordered_by` is the customer as known then: whose
    key seals the address, and whose points went. No history: every deed is noted in the audit.
    """

    class State(models.TextChoices):
        ORDERED = "ordered", _("ordered, to be paid")
        PAID = "paid", _("paid")
        SENT = "sent", _("sent")
        DELIVERED = "given", pgettext_lazy("points", "handed over")
        CANCELLED = "off", _("cancelled")

    id = models.UUIDField(primary_key=True, editable=False)
    good = models.ForeignKey(Good, models.PROTECT, related_name="orders", verbose_name=_("good"))
    revision_id = models.UUIDField(_("revision"))
    seller = models.ForeignKey(
        Branch, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+",
        verbose_name=_("sold by"),
    )  # fmt: skip
    ordered_by = models.UUIDField(_("ordered by"))
    key = models.UUIDField(_("request key"))
    title = models.CharField(_("title"), max_length=80)
    kind = models.CharField(_("kind"), max_length=8, choices=GoodKind)
    points = models.PositiveIntegerField(_("points"))
    cash_fen = models.PositiveBigIntegerField(_("money (fen)"))
    state = models.CharField(_("state"), max_length=8, choices=State)
    hold_id = models.UUIDField(_("hold of points"), null=True)
    movement_id = models.UUIDField(_("movement of points"), null=True)
    coupon_id = models.UUIDField(_("coupon"), null=True)
    place = models.ForeignKey(
        Branch, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+",
        verbose_name=_("picked up at"),
    )  # fmt: skip
    # Name, phone and address of who receives it, under the customer's key.
    address = models.BinaryField(_("address"), null=True)
    ordered_at = models.DateTimeField(_("ordered at"))
    pay_until = models.DateTimeField(_("to be paid until"), null=True)
    paid_at = models.DateTimeField(_("paid at"), null=True)
    payment = models.CharField(_("payment"), max_length=64, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    sent_by = models.CharField(_("carrier and number"), max_length=80, blank=True)
    ended_at = models.DateTimeField(_("handed over or cancelled at"), null=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("order of the points mall")
        verbose_name_plural = _("orders of the points mall")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="points_mallorder_key_orders_once"),
            models.CheckConstraint(
                condition=~Q(state="ordered")
                | Q(cash_fen__gt=0, pay_until__isnull=False, hold_id__isnull=False),
                name="points_mallorder_waits_for_money_alone",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["ordered", "off"]) | Q(movement_id__isnull=False),
                name="points_mallorder_in_force_took_its_points",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="points_mallorder_of_customer"),
            models.Index(fields=["pay_until"], condition=Q(state="ordered"), name="points_mallorder_unpaid"),
        ]

    @property
    def stands(self) -> str:
        """How it stands, in the reader's language: what is picked up is never sent."""
        if self.kind == GoodKind.PICKUP and self.state == self.State.PAID:
            return pgettext("points", "to be picked up")
        return str(self.get_state_display())

    def __str__(self) -> str:
        return self.title


class MallPayment(CustomerModel):
    """What a system of the bank told of an order's money: once, whatever is told again; then settled by a sweep.

    Refused: the order was off by then, and the money goes back (`word` says why).
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waits to be settled")
        SETTLED = "settled", _("settled")
        REFUSED = "refused", _("to be paid back")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    order = models.ForeignKey(MallOrder, models.PROTECT, related_name="payments", verbose_name=_("order"))
    source = models.CharField(_("source"), max_length=40)
    told = models.CharField(_("id at the source"), max_length=100)
    at = models.DateTimeField(_("at"))
    state = models.CharField(_("state"), max_length=8, choices=State, db_default="waiting")
    word = models.CharField(_("why not"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("payment of an order")
        verbose_name_plural = _("payments of orders")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "source", "told"], name="points_mallpayment_is_told_once"
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="waiting"), name="points_mallpayment_waiting"),
        ]

    def __str__(self) -> str:
        return self.told
