"""Campaigns: what a branch wants to reach, when, and for how much money."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel, tracked


class Feed(TenantModel):
    """One person's calendar under a secret address, as it looks in one assignment at one branch.

    Kept as a hash: the address is shown once. The branch is where the person stands; an ended one stays as a record.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    login_id = models.BigIntegerField(_("log-in"))
    assignment_id = models.UUIDField(_("assignment"))
    is_mine = models.BooleanField(_("only what I made"), default=False)
    token_hash = models.BinaryField(max_length=32)
    made_at = models.DateTimeField(_("subscribed at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("calendar subscription")
        verbose_name_plural = _("calendar subscriptions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["token_hash"], name="planning_feed_token_is_unique"),
            models.UniqueConstraint(
                fields=["login_id", "assignment_id", "branch"],
                condition=models.Q(ended_at__isnull=True),
                name="planning_feed_is_one_of_a_place",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d}"


@tracked()
class Campaign(TenantModel):
    """Goal, window and budget. Content items and coupon batches point to it, never the other way round."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    title = models.CharField(_("title"), max_length=80)
    goal = models.CharField(_("goal"), max_length=200, blank=True)
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends before"))
    budget_fen = models.BigIntegerField(_("budget (fen)"), default=0)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(starts_at__lt=models.F("ends_at")),
                name="planning_campaign_window_is_forward",
            ),
            models.CheckConstraint(
                condition=models.Q(budget_fen__gte=0), name="planning_campaign_budget_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.title
