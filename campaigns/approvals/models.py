"""Frozen revisions and the decisions on them."""

from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel, tracked


# Payload and window never change, so history need not copy them.
@tracked(exclude=("payload", "shown_from", "shown_until"))
class Revision(TenantModel):
    """A thing as it was submitted. Belongs to the thing's branch; only its state moves (rules.MOVES).

    `author_id` is the person who acted, kept by the database (a person's home may lie outside the scope, so
    there is no foreign key to follow). `sha256` covers subject, title and payload. `shown_from` and `shown_until`
    are its kind's window of the payload, end exclusive; empty for a kind without one.
    """

    class State(models.TextChoices):
        SUBMITTED = "submitted", _("In review")
        APPROVED = "approved", _("Approved")
        SCHEDULED = "scheduled", _("Approved, waits for its time")
        REJECTED = "rejected", _("Rejected")
        SENT_BACK = "sent_back", _("Sent back")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        SUPERSEDED = "superseded", _("Superseded")
        TAKEN_DOWN = "taken_down", _("Taken down")
        ENDED = "ended", _("Over")

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
    shown_from = models.DateTimeField(_("shown from"), null=True, editable=False)
    shown_until = models.DateTimeField(_("shown until"), null=True, editable=False)

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
            models.UniqueConstraint(
                fields=["branch", "subject"],
                condition=Q(state="scheduled"),
                name="approvals_revision_subject_has_one_scheduled_revision",
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
            models.Index(
                fields=["shown_from"], condition=Q(state="scheduled"), name="approvals_revision_begins"
            ),
            models.Index(
                fields=["shown_until"],
                condition=Q(state__in=["approved", "scheduled"]),
                name="approvals_revision_ends",
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

    @property
    def is_scheduled(self) -> bool:
        return self.state == self.State.SCHEDULED


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
