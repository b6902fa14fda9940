"""Customers, what they are known by, the key under which that is sealed, and their log-in sessions."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.customers.rules import masked_number
from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel, tracked


# The attributes stay out of history: they are plain, so that segments can ask them, and erasure could not
# reach old rows.
@tracked(exclude=("attributes", "number_tail"))
class Customer(TenantModel):
    """Somebody who banks here; the branch is the home branch. Not a Django user.

    Everything that names the person is sealed in `Identity`; the number's last characters are kept for screens.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        BLOCKED = "blocked", _("blocked")
        ERASED = "erased", _("erased")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number_tail = models.CharField(_("end of the customer number"), max_length=8, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    source = models.CharField(_("source"), max_length=60, blank=True)
    joined_at = models.DateTimeField(_("joined"))
    # PIPL, article 24: off means no recommendation by profile.
    is_personalised = models.BooleanField(_("personalised"), default=True)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.ACTIVE)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["-id"]
        constraints = [
            # The target of the composite keys below: what hangs on a customer follows the home branch.
            models.UniqueConstraint(
                fields=["id", "branch", "branch_pos"], name="customers_customer_stands_at_its_branch"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "blocked", "erased"]),
                name="customers_customer_status_is_known",
            ),
        ]

    def __str__(self) -> str:
        return masked_number(self.number_tail)


class CustomerModel(TenantModel):
    """A row of exactly one customer, always at the customer's home branch (composite key in the wall)."""

    customer = models.ForeignKey(
        Customer,
        models.DO_NOTHING,
        db_constraint=False,
        related_name="%(class)ss",
        verbose_name=_("customer"),
    )

    class Meta:
        abstract = True


class CustomerKey(CustomerModel):
    """The key of one person, wrapped by the installation's key. Deleting the row erases the person everywhere.

    No history: a key kept there would outlive its erasure.
    """

    # No second index and no second id: one person, one key.
    customer = models.OneToOneField(
        Customer,
        models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="key",
        verbose_name=_("customer"),
    )
    wrapped = models.BinaryField()

    class Meta:
        verbose_name = _("customer key")
        verbose_name_plural = _("customer keys")


@tracked()
class Identity(CustomerModel):
    """One thing a customer is known by, sealed under the customer's key."""

    class Kind(models.TextChoices):
        CUSTOMER_NUMBER = "customer_number", _("customer number")
        UNIONID = "unionid", _("WeChat unionid")
        OPENID = "openid", _("WeChat openid")
        PHONE = "phone", _("phone")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    # The WeChat app of an openid; empty for everything else.
    app = models.CharField(_("app"), max_length=40, blank=True)
    # Keyed hash of kind, app and value: bank-wide, and asked only through verbs.
    lookup = models.BinaryField(max_length=32)
    value = models.BinaryField()
    source = models.CharField(_("source"), max_length=60, blank=True)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "lookup"], name="customers_identity_belongs_to_one_customer"
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class RefreshSession(CustomerModel):
    """One refresh token: only its hash is known. Rotating makes the next row of the family.

    No history: the rows are their own, since none is ever rewritten beyond its two moments.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    family = models.UUIDField()
    token_hash = models.BinaryField(max_length=32)
    issued_at = models.DateTimeField(_("issued at"))
    expires_at = models.DateTimeField(_("expires"))
    rotated_at = models.DateTimeField(_("rotated"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    class Meta:
        verbose_name = _("log-in session")
        verbose_name_plural = _("log-in sessions")
        constraints = [
            models.UniqueConstraint(fields=["token_hash"], name="customers_refreshsession_token_is_unique"),
        ]
        indexes = [models.Index(fields=["family"], name="customers_session_family")]

    def __str__(self) -> str:
        return f"{self.family}"
