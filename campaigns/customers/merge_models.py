"""Two customers who turned out to be one: what was merged, and what staff are asked about."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.customers.customer_models import Customer
from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel


class MergeProposal(TenantModel):
    """Two customers who may be one, for staff to decide: `first` has the smaller id, so that a pair stands once.

    The branch is the lowest one above both homes: whoever sees it sees both. A rejected pair stays, and is not
    proposed again.
    """

    class State(models.TextChoices):
        OPEN = "open", _("to be decided")
        CONFIRMED = "confirmed", _("they are one")
        REJECTED = "rejected", _("two people")
        # One of the two was merged into somebody else meanwhile.
        SUPERSEDED = "superseded", _("overtaken")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    first = models.ForeignKey(Customer, models.PROTECT, related_name="+", verbose_name=_("first customer"))
    second = models.ForeignKey(Customer, models.PROTECT, related_name="+", verbose_name=_("second customer"))
    at = models.DateTimeField(_("proposed at"))
    why = models.JSONField(_("why"), default=dict)
    # Empty: log-ins and imports propose by themselves.
    by_person_id = models.UUIDField(_("person"), null=True)
    by_name = models.CharField(_("proposed by"), max_length=60, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.OPEN)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by_id = models.UUIDField(_("person"), null=True)
    decided_by_name = models.CharField(_("decided by"), max_length=60, blank=True)
    comment = models.CharField(_("comment"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second"], name="customers_mergeproposal_pair_stands_once"
            ),
            models.CheckConstraint(
                condition=Q(first__lt=models.F("second")), name="customers_mergeproposal_first_is_the_smaller"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "confirmed", "rejected", "superseded"]),
                name="customers_mergeproposal_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True)
                | (~Q(state="open") & Q(decided_at__isnull=False)),
                name="customers_mergeproposal_decided_has_its_moment",
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed")
                | Q(decided_by_id__isnull=False, by_person_id__isnull=True)
                | (Q(decided_by_id__isnull=False) & ~Q(by_person_id=models.F("decided_by_id"))),
                name="customers_mergeproposal_is_confirmed_by_another",
            ),
        ]
        indexes = [
            models.Index(
                fields=["branch_pos", "-id"], condition=Q(state="open"), name="customers_proposal_open"
            ),
            models.Index(fields=["second"], name="customers_proposal_second"),
        ]

    def __str__(self) -> str:
        return f"{self.first} · {self.second}"


class Merge(TenantModel):
    """One customer became another: what moved, so that it can move back. The branch is the home of who was kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kept = models.ForeignKey(
        Customer,
        models.DO_NOTHING,
        db_constraint=False,
        related_name="merges",
        verbose_name=_("customer who was kept"),
    )
    absorbed = models.ForeignKey(
        Customer, models.PROTECT, related_name="+", verbose_name=_("customer who was merged")
    )
    at = models.DateTimeField(_("merged at"))
    by_person_id = models.UUIDField(_("person"), null=True)
    by_name = models.CharField(_("merged by"), max_length=60, blank=True)
    proposal = models.OneToOneField(
        MergeProposal, models.PROTECT, null=True, related_name="merge", verbose_name=_("possible duplicate")
    )
    why = models.JSONField(_("why"), default=dict)
    # {"home": branch, "status": …, "attributes": {name: [before, after]}, "steps": {step: [references]}}
    moved = models.JSONField(_("what moved"), default=dict)
    undone_at = models.DateTimeField(_("undone at"), null=True)
    undone_by_id = models.UUIDField(_("person"), null=True)
    undone_by_name = models.CharField(_("undone by"), max_length=60, blank=True)
    undone_why = models.CharField(_("why undone"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("merge of customers")
        verbose_name_plural = _("merges of customers")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["absorbed"],
                condition=Q(undone_at__isnull=True),
                name="customers_merge_absorbed_is_merged_once",
            ),
            models.CheckConstraint(
                condition=~Q(kept=models.F("absorbed")), name="customers_merge_is_of_two_customers"
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | Q(undone_at__gte=models.F("at")),
                name="customers_merge_is_undone_after_it_was_made",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.absorbed} → {self.kept}"
