"""Who looks after a customer, and where the customer was at home: one row for each spell, none is ever rewritten."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.customers.customer_models import CustomerModel
from campaigns.lib.ids import new_id
from campaigns.tenants.models import Branch, Person


class Care(CustomerModel):
    """One relationship manager's spell with one customer; the open one has no end."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="customers_in_care", verbose_name=_("relationship manager")
    )
    since = models.DateTimeField(_("in care since"))
    until = models.DateTimeField(_("in care until"), null=True)
    by_person_id = models.UUIDField(_("person"), null=True)
    by_name = models.CharField(_("assigned by"), max_length=60, blank=True)
    why = models.CharField(_("reason"), max_length=200, blank=True)
    # The reference of the file that said so: by it the spell is found when the file is taken back.
    source = models.CharField(_("source"), max_length=80, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("customer care")
        verbose_name_plural = _("customer care")
        ordering = ["-since", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(until__isnull=True), name="customers_care_one_is_open"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="customers_care_is_forward"
            ),
        ]
        indexes = [
            models.Index(fields=["person"], condition=Q(until__isnull=True), name="customers_care_of_person")
        ]

    def __str__(self) -> str:
        return f"{self.person_id}"


class HomeMove(CustomerModel):
    """A customer changed the home branch. Never changed; no constraint on the branches, which may be closed since."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    from_branch = models.ForeignKey(
        Branch,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("old home branch"),
    )
    to_branch = models.ForeignKey(
        Branch,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("new home branch"),
    )
    # The names at that moment: a reader at the new home does not see the old branch.
    from_name = models.CharField(_("old home branch"), max_length=120)
    to_name = models.CharField(_("new home branch"), max_length=120)
    at = models.DateTimeField(_("moment"))
    by_name = models.CharField(_("done by"), max_length=60, blank=True)
    why = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("change of the home branch")
        verbose_name_plural = _("changes of the home branch")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.from_name} → {self.to_name}"
