"""Customers, what they are known by, the key under which that is sealed, and their log-in sessions."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.customers.rules import masked_number
from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel, tracked


# The attributes stay out of history: they are plain, so that segments can ask them, and erasure could not
# reach old rows.
@tracked(exclude=("attributes", "attributes_at", "number_tail"))
class Customer(TenantModel):
    """Somebody who banks here; the branch is the home branch. Not a Django user.

    Everything that names the person is sealed in `Identity`; the number's last characters are kept for screens.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        BLOCKED = "blocked", _("blocked")
        MERGED = "merged", _("merged into another")
        ERASED = "erased", _("erased")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number_tail = models.CharField(_("end of the customer number"), max_length=8, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    # When the attributes changed last, by a trigger: of two customers who are one, the newer attributes win.
    attributes_at = models.DateTimeField(_("attributes changed"), null=True, editable=False)
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
                condition=models.Q(status__in=["active", "blocked", "merged", "erased"]),
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
    """One thing a customer is known by, sealed under the customer's key.

    Only a verified one counts: it names its customer, and no other customer in the bank has it. An unverified one is a
    claim, of which there may be many; a revoked one is history.
    """

    class Kind(models.TextChoices):
        CUSTOMER_NUMBER = "customer_number", _("customer number")
        UNIONID = "unionid", _("WeChat unionid")
        OPENID = "openid", _("WeChat openid")
        PHONE = "phone", _("phone")
        EXTERNAL_USERID = "external_userid", _("WeCom external contact")
        DEVICE = "device", _("device")

    class State(models.TextChoices):
        UNVERIFIED = "unverified", pgettext_lazy("identity", "unverified")
        VERIFIED = "verified", pgettext_lazy("identity", "verified")
        REVOKED = "revoked", pgettext_lazy("identity", "revoked")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    # The WeChat app of an openid, the corporation of an external contact; empty for everything else.
    app = models.CharField(_("app"), max_length=40, blank=True)
    # Keyed hash of kind, app and value: bank-wide, and asked only through verbs.
    lookup = models.BinaryField(max_length=32)
    value = models.BinaryField()
    source = models.CharField(_("source"), max_length=60, blank=True)
    # Who writes a row without saying more has verified it: log-ins and imports always did.
    state = models.CharField(
        _("state"), max_length=12, choices=State, default=State.VERIFIED, db_default="verified"
    )
    linked_at = models.DateTimeField(_("linked at"), null=True, blank=True)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "lookup"],
                condition=models.Q(state="verified"),
                name="customers_identity_belongs_to_one_customer",
            ),
            models.UniqueConstraint(
                fields=["customer", "kind", "lookup"],
                condition=models.Q(state="unverified"),
                name="customers_identity_is_claimed_once_by_a_customer",
            ),
            models.CheckConstraint(
                condition=models.Q(state="verified", revoked_at__isnull=True)
                | models.Q(state="unverified", verified_at__isnull=True, revoked_at__isnull=True)
                | models.Q(state="revoked", revoked_at__isnull=False),
                name="customers_identity_state_has_its_moment",
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
