"""Households: customers who may pass points to one another."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.customers.models import CustomerModel
from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel, tracked


@tracked()
class Household(TenantModel):
    """Customers who live together and said so at a branch."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=40)
    opened_at = models.DateTimeField(_("registered at"))

    class Meta:
        verbose_name = _("household")
        verbose_name_plural = _("households")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


@tracked()
class Member(CustomerModel):
    """A customer in a household, from a moment until another; in one at a time. `evidence`: what was shown for it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    household = models.ForeignKey(
        Household, models.PROTECT, related_name="members", verbose_name=_("household")
    )
    evidence = models.CharField(_("what was shown for it"), max_length=200)
    since = models.DateTimeField(_("member since"))
    until = models.DateTimeField(_("member until"), null=True)

    class Meta:
        verbose_name = _("member of a household")
        verbose_name_plural = _("members of households")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(until__isnull=True), name="points_member_is_of_one_household"
            ),
        ]

    def __str__(self) -> str:
        return str(self.customer_id)
