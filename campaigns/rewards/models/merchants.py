"""Merchants where coupons are redeemed, and who stands at their tills."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import Person, TenantModel, tracked


@tracked()
class Merchant(TenantModel):
    """A shop that has a contract with `branch`: takes coupons that name it, and is settled with.

    `phone` and `account` are sealed (campaigns/rewards/services/merchants.py); pages show their ends alone.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("in contract")
        CLOSED = "closed", _("contract ended")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(_("merchant code"), max_length=32)
    name = models.CharField(_("merchant name"), max_length=80)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ACTIVE)
    handed_down = models.BooleanField(_("also for the branches below"), default=True)
    phone = models.BinaryField(_("contact's phone"), default=bytes)
    account = models.BinaryField(_("settlement account"), default=bytes)

    class Meta:
        verbose_name = _("merchant")
        verbose_name_plural = _("merchants")
        ordering = ["branch_pos", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "code"], name="rewards_merchant_code_is_unique_in_its_branch"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["active", "closed"]), name="rewards_merchant_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


@tracked()
class Cashier(TenantModel):
    """Somebody who redeems at one merchant's till, and nowhere else, until `ended_at`.

    `branch` is the merchant's. The person's rights come from an assignment as anybody's do; this says for whom.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="cashiers", verbose_name=_("merchant")
    )
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="+", db_index=False, verbose_name=_("person")
    )
    since = models.DateTimeField(_("from"))
    ended_at = models.DateTimeField(_("until"), null=True, editable=False)

    class Meta:
        verbose_name = _("cashier")
        verbose_name_plural = _("cashiers")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(ended_at__isnull=True),
                name="rewards_cashier_works_at_one_merchant",
            ),
        ]

    def __str__(self) -> str:
        return str(self.person)
