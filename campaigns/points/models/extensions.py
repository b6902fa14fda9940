"""Points that staff let lapse later: of one customer, or of all whose points lapse within some days."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.customers.models import Customer
from campaigns.lib.ids import new_id
from campaigns.tenants.models import Person, TenantModel


class Extension(TenantModel):
    """Points asked to lapse at `until` (UTC) instead. Of one customer: those that lapse before; of many (no customer):
    those that lapse from `ends_from` to before `ends_until`. Keys of its movements are made of its id.

    `branch` is the customer's home, or for many where it was asked for: of customers at and below. `points` and
    `customers` are what it came to when it was asked for, `done` how many customers' points were extended; `alone`: how
    many points the asker might extend alone then. Written by the verbs of sql/extensions.py alone.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("waits for a second person")
        AGREED = "agreed", _("being posted")
        POSTED = "posted", _("posted")
        REFUSED = "refused", pgettext_lazy("points", "refused")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer,
        models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
        verbose_name=_("customer"),
    )
    ends_from = models.DateTimeField(_("lapse from"), null=True)
    ends_until = models.DateTimeField(_("lapse before"), null=True)
    until = models.DateTimeField(_("lapses at"))
    reason = models.CharField(_("reason"), max_length=200)
    points = models.BigIntegerField(_("points"))
    customers = models.PositiveIntegerField(_("customers"))
    done = models.PositiveIntegerField(_("customers extended"), db_default=0)
    state = models.CharField(_("state"), max_length=8, choices=State)
    alone = models.BigIntegerField(_("may be adjusted alone"))
    asked_at = models.DateTimeField(_("asked at"))
    # Empty: the system itself.
    asked_by = models.ForeignKey(
        Person, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+",
        verbose_name=_("asked by"),
    )  # fmt: skip
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.ForeignKey(
        Person, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+",
        verbose_name=_("decided by"),
    )  # fmt: skip
    remark = models.CharField(_("remark"), max_length=200, blank=True, db_default="")
    movement_id = models.UUIDField(_("movement"), null=True)
    job_id = models.UUIDField(_("long job"), null=True)

    class Meta:
        verbose_name = _("extension of points")
        verbose_name_plural = _("extensions of points")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(customer__isnull=False, ends_from__isnull=True, ends_until__isnull=True)
                | Q(customer__isnull=True, ends_from__lt=F("ends_until"), ends_until__lte=F("until")),
                name="points_extension_is_of_one_or_of_some_days",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | Q(asked_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="points_extension_maker_is_not_checker",
            ),
            # Above what one person may do alone, somebody else agreed.
            models.CheckConstraint(
                condition=~Q(state__in=["agreed", "posted"])
                | Q(decided_by__isnull=False)
                | Q(alone__gte=F("points")),
                name="points_extension_above_the_limit_has_a_checker",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | Q(decided_by__isnull=False),
                name="points_extension_is_refused_by_somebody",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["asked_by", "asked_at"], name="points_extension_of_day")]

    def __str__(self) -> str:
        return f"{self.points:,}"
