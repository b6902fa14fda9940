"""Which customer a member of staff is: what they may not do for themselves is asked by it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.customers.customer_models import CustomerModel
from campaigns.tenants.models import Person


class StaffCustomer(CustomerModel):
    """One person who works here and banks here. No history: the audit says who said so, and when."""

    person = models.OneToOneField(
        Person,
        models.PROTECT,
        primary_key=True,
        related_name="as_customer",
        verbose_name=_("member of staff"),
    )
    since = models.DateTimeField(_("noted at"))

    class Meta:
        verbose_name = _("member of staff as a customer")
        verbose_name_plural = _("members of staff as customers")
        constraints = [
            models.UniqueConstraint(fields=["customer"], name="customers_staffcustomer_is_one_person"),
        ]

    def __str__(self) -> str:
        return str(self.person)
