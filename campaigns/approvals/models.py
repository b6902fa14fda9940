"""Frozen revisions and the decisions on them."""

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.policy_models import LivePolicy, Policy
from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel, tracked

__all__ = ["Decision", "LivePolicy", "Policy", "Revision"]


# The payload never changes, so history need not copy it.
@tracked(exclude=("payload",))
class Revision(TenantModel):
    """A thing as it was submitted. Belongs to the thing's branch; only its state moves (rules.MOVES).

    `author_id` is the person who acted, kept by the database (a person's home may lie outside the scope, so
    there is no foreign key to follow). `sha256` covers subject, title and payload.
    """

    class State(models.TextChoices):
        SUBMITTED = "submitted", _("In review")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        SENT_BACK = "sent_back", _("Sent back")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        SUPERSEDED = "superseded", _("Superseded")
        TAKEN_DOWN = "taken_down", _("Taken down")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=40)
    subject = models.CharField(_("thing"), max_length=120)  # a reference: "content.item:0198…"
    title = models.CharField(_("title"), max_length=200)
    number = models.PositiveIntegerField(_("revision"))
    payload = models.JSONField(_("payload"))
    sha256 = models.CharField(_("hash"), max_length=64)
    author_id = models.UUIDField(_("maker"))
    author_name = models.CharField(_("maker"), max_length=60)
    # Who answers for it since its maker left; counts as a maker when it comes to deciding.
    keeper_id = models.UUIDField(_("kept by"), null=True, editable=False)
    submitted_at = models.DateTimeField(_("submitted at"))
    due_at = models.DateTimeField(_("due"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.SUBMITTED)
    decided_at = models.DateTimeField(_("decided at"), null=True)

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("reviews")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "subject", "number"],
                name="approvals_revision_number_is_unique_in_its_subject",
            ),
            models.UniqueConstraint(
                fields=["branch", "subject"],
                condition=Q(state="submitted"),
                name="approvals_revision_subject_has_one_open_review",
            ),
            models.UniqueConstraint(
                fields=["branch", "subject"],
                condition=Q(state="approved"),
                name="approvals_revision_subject_has_one_live_revision",
            ),
            models.CheckConstraint(
                condition=Q(state="submitted", decided_at__isnull=True)
                | (~Q(state="submitted") & Q(decided_at__isnull=False)),
                name="approvals_revision_is_open_or_decided",
            ),
        ]
        indexes = [
            models.Index(fields=["subject", "-number"], name="approvals_revision_of_subject"),
            models.Index(
                fields=["branch_pos", "due_at"],
                condition=Q(state="submitted"),
                name="approvals_revision_queue",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state == self.State.SUBMITTED

    def is_by(self, person_id: UUID | None) -> bool:
        """Whether this person made it, or answers for it since the maker left."""
        return person_id is not None and person_id in (self.author_id, self.keeper_id)

    @property
    def is_live(self) -> bool:
        return self.state == self.State.APPROVED


class Decision(TenantModel):
    """What one person decided on one revision, having seen the content of `sha256`. Append-only."""

    class Verdict(models.TextChoices):
        APPROVE = "approve", _("Approved")
        SEND_BACK = "send_back", _("Sent back")
        REJECT = "reject", _("Rejected")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    revision = models.ForeignKey(
        Revision, models.PROTECT, related_name="decisions", verbose_name=_("revision")
    )
    person_id = models.UUIDField(_("reviewer"))
    person_name = models.CharField(_("reviewer"), max_length=60)
    verdict = models.CharField(_("verdict"), max_length=12, choices=Verdict)
    comment = models.TextField(_("comment"), max_length=2000, blank=True)
    sha256 = models.CharField(_("hash"), max_length=64)
    at = models.DateTimeField(_("moment"))

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "person_id"], name="approvals_decision_person_decides_once"
            ),
        ]

    def __str__(self) -> str:
        return self.get_verdict_display()
