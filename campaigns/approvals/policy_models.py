"""Review policies: drafts and what holds. models.py makes them known to Django."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.clock import FOREVER
from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel, tracked


class PolicyText(TenantModel):
    """What a draft and its published copy share. `document`: campaigns.approvals.policy_rules."""

    title = models.CharField(_("title"), max_length=80)
    rank = models.PositiveSmallIntegerField(
        _("rank"),
        default=100,
        help_text=_(
            "Of this branch's policies the one with the lowest number is asked first; the first that fits holds."
        ),
    )
    document = models.JSONField(_("policy"))

    class Meta:
        abstract = True


@tracked()
class Policy(PolicyText):
    """The draft of a policy, of the branch for which it holds and for all below it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    author_id = models.UUIDField(_("maker"), null=True, editable=False)
    author_name = models.CharField(_("maker"), max_length=60, editable=False, blank=True)
    changed_at = models.DateTimeField(_("changed at"), editable=False)

    class Meta:
        verbose_name = _("review policy")
        verbose_name_plural = _("review policies")
        ordering = ["branch_pos", "rank", "id"]

    def __str__(self) -> str:
        return self.title


@tracked()
class LivePolicy(PolicyText):
    """What holds: written by an approval alone, and taken away by nobody. One that is switched off says so itself.

    Always handed down: whoever submits something at a branch below has to read it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    policy = models.OneToOneField(
        Policy, models.PROTECT, related_name="live", verbose_name=_("review policy")
    )
    revision_id = models.UUIDField(_("revision"))
    sha256 = models.CharField(max_length=64)
    shown_from = models.DateTimeField(_("holds from"))
    shown_until = models.DateTimeField(_("holds until"), default=FOREVER)
    handed_down = models.BooleanField(_("also for the branches below"), default=True)

    class Meta:
        verbose_name = _("policy that holds")
        verbose_name_plural = _("policies that hold")
        ordering = ["branch_pos", "rank", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(handed_down=True), name="approvals_livepolicy_is_handed_down"),
            models.CheckConstraint(
                condition=Q(shown_from__lt=F("shown_until")), name="approvals_livepolicy_window_is_forward"
            ),
        ]
        indexes = [models.Index(fields=["branch", "rank"], name="approvals_livepolicy_of_branch")]

    def __str__(self) -> str:
        return self.title
