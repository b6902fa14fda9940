"""What keeps customers from being served, and the runs that compare what they are served with what was approved."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel


class Stop(TenantModel):
    """An emergency stop: customers of `branch` and of all below see and claim nothing that it covers.

    `kind` empty covers every kind; `campaign_id` empty everything of the kind. One person stops at once, two lift:
    one asks, another confirms. `handed_down` is always true: whoever stands below sees what stops them, and why.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=40, blank=True)
    campaign_id = models.UUIDField(_("campaign"), null=True, blank=True)
    campaign_name = models.CharField(_("campaign"), max_length=120, blank=True)
    reason = models.CharField(_("reason"), max_length=500)
    handed_down = models.BooleanField(_("also for the branches below"), default=True, editable=False)
    stopped_at = models.DateTimeField(_("stopped at"))
    stopped_by_id = models.UUIDField(_("stopped by"))
    stopped_by_name = models.CharField(_("stopped by"), max_length=60)
    lift_asked_at = models.DateTimeField(_("lifting asked at"), null=True)
    lift_asked_by_id = models.UUIDField(_("lifting asked by"), null=True)
    lift_asked_by_name = models.CharField(_("lifting asked by"), max_length=60, blank=True)
    lift_words = models.CharField(_("why it may be served again"), max_length=500, blank=True)
    lifted_at = models.DateTimeField(_("lifted at"), null=True)
    lifted_by_id = models.UUIDField(_("lifted by"), null=True)
    lifted_by_name = models.CharField(_("lifted by"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("emergency stop")
        verbose_name_plural = _("emergency stops")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "kind", "campaign_id"],
                condition=Q(lifted_at__isnull=True),
                nulls_distinct=False,
                name="approvals_stop_one_is_open_of_its_like",
            ),
            models.CheckConstraint(
                condition=Q(lifted_by_id__isnull=True)
                | (Q(lift_asked_by_id__isnull=False) & ~Q(lifted_by_id=F("lift_asked_by_id"))),
                name="approvals_stop_is_lifted_by_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by_id__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by_id__isnull=False),
                name="approvals_stop_is_lifted_by_somebody_at_a_time",
            ),
            models.CheckConstraint(condition=Q(handed_down=True), name="approvals_stop_reaches_down"),
            models.CheckConstraint(condition=~Q(reason=""), name="approvals_stop_says_why"),
        ]

    def __str__(self) -> str:
        return self.reason

    @property
    def is_open(self) -> bool:
        return self.lifted_at is None


class Verification(TenantModel):
    """One run over what is served, compared with what was approved; kept at head office. Append-only.

    `wrong`: a list of {subject, title, branch, what: [...]}, at most 1,000 of them; `failed` counts them all.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=40, blank=True)
    started_at = models.DateTimeField(_("started at"))
    ended_at = models.DateTimeField(_("ended at"))
    is_complete = models.BooleanField(_("complete"))
    checked = models.PositiveIntegerField(_("checked"))
    failed = models.PositiveIntegerField(_("failed"))
    wrong = models.JSONField(_("what is wrong"), default=list)

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.checked}/{self.failed}"
