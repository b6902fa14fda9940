"""Frozen revisions, the steps of their reviews, and what people decide and say on the way."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.approvals.finding_models import Acknowledgement, Finding, LiveWordList, WordList
from campaigns.approvals.policy_models import LivePolicy, Policy
from campaigns.approvals.stop_models import Stop, Verification
from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel, tracked

LONGEST_DELEGATION = timedelta(days=90)
# Django finds models through this module; those beside the review itself have files of their own.
__all__ = [
    "Acknowledgement", "Decision", "Delegation", "Finding", "LivePolicy", "LiveWordList", "Look", "Policy", "Remark",
    "Revision", "Seat", "Step", "Stop", "Verification", "WordList",
]  # fmt: skip


# Payload, facts and window never change, so history need not copy them.
@tracked(exclude=("payload", "facts", "shown_from", "shown_until"))
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
    due_at = models.DateTimeField(_("due"))  # of the step that is open, or was last
    # What the policies asked of it when it was submitted (kinds.Facts).
    facts = models.JSONField(_("facts"), default=dict, editable=False)
    # A review sent back to one of its steps begins another round; decisions of it and later steps count anew.
    round = models.PositiveSmallIntegerField(_("round"), default=1, editable=False)
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
            # Head office reads the queue in the order of its due times, whatever the branch.
            models.Index(
                fields=["due_at", "id"],
                condition=Q(state="submitted"),
                name="approvals_revision_due",
            ),
            models.Index(fields=["author_id", "state", "-decided_at"], name="approvals_revision_by_maker"),
            models.Index(
                fields=["keeper_id"],
                condition=Q(keeper_id__isnull=False),
                name="approvals_revision_by_keeper",
            ),
            models.Index(
                fields=["-decided_at"],
                condition=Q(decided_at__isnull=False),
                name="approvals_revision_decided",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state == self.State.SUBMITTED

    @property
    def state_label(self) -> Any:
        """The state in words, said when somebody reads it: a refusal is kept for readers of either language."""
        return self.State(self.state).label

    def is_by(self, person_id: UUID | None) -> bool:
        """Whether this person made it, or answers for it since the maker left."""
        return person_id is not None and person_id in (self.author_id, self.keeper_id)

    @property
    def is_live(self) -> bool:
        return self.state == self.State.APPROVED

    @property
    def is_scheduled(self) -> bool:
        return self.state == self.State.SCHEDULED


@tracked()
class Step(TenantModel):
    """One step of a review. Frozen but for where it stands; steps are taken one at a time, by `position`.

    Decisions of the round `since` and later count. `added_by_id` is who added it to the review, None for a policy.
    """

    class How(models.TextChoices):
        ANY = "any", _("any one of them")
        ALL = "all", _("all of them")
        COUNT = "count", _("a number of them")

    class State(models.TextChoices):
        WAITING = "waiting", _("To come")
        OPEN = "open", _("Open")
        PASSED = "passed", _("Passed")
        SKIPPED = "skipped", _("Skipped")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="steps", verbose_name=_("revision"))
    position = models.IntegerField(_("position"))
    title = models.CharField(_("title"), max_length=80)
    how = models.CharField(_("how"), max_length=8, choices=How, default=How.ANY)
    count = models.PositiveSmallIntegerField(_("number of persons"), default=1)
    if_empty = models.CharField(_("when nobody can take it"), max_length=8, default="up")
    due_after = models.DurationField(_("due after"))
    escalate_after = models.DurationField(_("escalated after"), null=True)
    policy = models.CharField(_("policy"), max_length=120, blank=True)
    added_by_id = models.UUIDField(_("added by"), null=True)
    added_by_name = models.CharField(_("added by"), max_length=60, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    since = models.PositiveSmallIntegerField(_("round"), default=1)
    opened_at = models.DateTimeField(_("opened at"), null=True)
    due_at = models.DateTimeField(_("due"), null=True)
    escalate_at = models.DateTimeField(_("escalated from"), null=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)

    class Meta:
        verbose_name = _("step of a review")
        verbose_name_plural = _("steps of reviews")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "position"], name="approvals_step_position_is_unique_in_its_review"
            ),
            models.UniqueConstraint(
                fields=["revision"], condition=Q(state="open"), name="approvals_step_one_is_open_in_a_review"
            ),
            models.CheckConstraint(condition=Q(count__gte=1), name="approvals_step_asks_for_somebody"),
            models.CheckConstraint(
                condition=Q(if_empty__in=["up", "skip", "refuse"]), name="approvals_step_knows_what_if_empty"
            ),
        ]
        indexes = [
            models.Index(
                fields=["escalate_at"],
                condition=Q(state="open", escalate_at__isnull=False),
                name="approvals_step_to_escalate",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Its title, which policies and signers give; the step of the code has none."""
        return self.title or gettext("Review")


@tracked(exclude=("is_open",))
class Seat(TenantModel):
    """Who may sign at a step: `person_id`, or whoever has `role` at the branch `at_branch_id`.

    An empty role is any that may decide; without a branch it is any on the line of the thing's branch. A seat that
    was handed on is void and another `replaces` it. `is_open` repeats that its step is open, for the queue.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    step = models.ForeignKey(Step, models.PROTECT, related_name="seats", verbose_name=_("step of a review"))
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="seats", verbose_name=_("revision"))
    role = models.CharField(_("role"), max_length=40, blank=True)
    at_branch_id = models.IntegerField(_("at branch"), null=True)
    person_id = models.UUIDField(_("person"), null=True)
    person_name = models.CharField(_("person"), max_length=60, blank=True)
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", verbose_name=_("replaces")
    )
    # Who handed it on, added or widened it; empty for a policy.
    given_by_id = models.UUIDField(_("given by"), null=True)
    given_by_name = models.CharField(_("given by"), max_length=60, blank=True)
    is_open = models.BooleanField(_("open"), default=False)
    void_at = models.DateTimeField(_("void since"), null=True)

    class Meta:
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["revision"], condition=Q(is_open=True), name="approvals_seat_open_of_review"
            ),
            models.Index(
                fields=["person_id"],
                condition=Q(is_open=True, person_id__isnull=False),
                name="approvals_seat_open_by_name",
            ),
            models.Index(
                fields=["role", "at_branch_id", "branch_pos"],
                condition=Q(is_open=True, person_id__isnull=True),
                name="approvals_seat_open_by_role",
            ),
        ]

    def __str__(self) -> str:
        return self.person_name or self.role


class Decision(TenantModel):
    """What one person decided on one revision, having seen the content of `sha256`. Append-only.

    `for_person_id`: whose seat it was, when a deputy decided. What was decided before reviews had steps has none.
    """

    class Verdict(models.TextChoices):
        APPROVE = "approve", _("Approved")
        SEND_BACK = "send_back", _("Sent back")
        STEP_BACK = "step_back", _("Sent back to a step")
        REJECT = "reject", _("Rejected")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    revision = models.ForeignKey(
        Revision, models.PROTECT, related_name="decisions", verbose_name=_("revision")
    )
    step = models.ForeignKey(
        Step, models.PROTECT, null=True, related_name="decisions", verbose_name=_("step of a review")
    )
    seat = models.ForeignKey(
        Seat, models.PROTECT, null=True, related_name="decisions", verbose_name=_("seat")
    )
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    person_id = models.UUIDField(_("reviewer"))
    person_name = models.CharField(_("reviewer"), max_length=60)
    for_person_id = models.UUIDField(_("on behalf of"), null=True)
    for_person_name = models.CharField(_("on behalf of"), max_length=60, blank=True)
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
                fields=["revision", "person_id", "round"], name="approvals_decision_person_decides_once"
            ),
        ]
        indexes = [models.Index(fields=["person_id", "revision"], name="approvals_decision_of_person")]

    def __str__(self) -> str:
        return self.get_verdict_display()


@tracked()
class Delegation(TenantModel):
    """Somebody decides for somebody else for a time, at `branch` and below. Never what either of them made."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    assignment_id = models.UUIDField(_("assignment"))
    person_id = models.UUIDField(_("person"))
    person_name = models.CharField(_("person"), max_length=60)
    deputy_id = models.UUIDField(_("deputy"))
    deputy_name = models.CharField(_("deputy"), max_length=60)
    held_from = models.DateTimeField(_("from"))
    held_until = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=200)

    class Meta:
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(held_from__lte=F("held_until"))
                & Q(held_until__lte=F("held_from") + LONGEST_DELEGATION),
                name="approvals_delegation_window_is_short_and_forward",
            ),
            models.CheckConstraint(
                condition=~Q(person_id=F("deputy_id")), name="approvals_delegation_is_to_somebody_else"
            ),
        ]
        indexes = [models.Index(fields=["deputy_id", "held_until"], name="approvals_delegation_of_deputy")]

    def __str__(self) -> str:
        return f"{self.person_name} → {self.deputy_name}"


class Remark(TenantModel):
    """What was said or done in a review beside deciding. Append-only; `person_id` is None for the system."""

    class Deed(models.TextChoices):
        COMMENT = "comment", _("Comment")
        COPY = "copy", _("Copied to")
        REMIND = "remind", _("Reminded")
        HAND_ON = "hand_on", _("Handed on to")
        ADD_SIGNER = "add_signer", _("Added as signer")
        ESCALATE = "escalate", _("Escalated")
        SKIP = "skip", _("Skipped")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="remarks", verbose_name=_("revision"))
    step = models.ForeignKey(
        Step, models.PROTECT, null=True, related_name="+", verbose_name=_("step of a review")
    )
    deed = models.CharField(_("deed"), max_length=12, choices=Deed)
    person_id = models.UUIDField(_("person"), null=True)
    person_name = models.CharField(_("person"), max_length=60, blank=True)
    words = models.TextField(_("words"), max_length=2000, blank=True)
    people = models.JSONField(_("people"), default=list)  # [[id, name], ...] to whom
    at = models.DateTimeField(_("moment"))

    class Meta:
        verbose_name = _("remark")
        verbose_name_plural = _("remarks")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.words or self.get_deed_display()


class Look(TenantModel):
    """Who has a review open in front of him, seen last at `seen_at`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="looks", verbose_name=_("revision"))
    person_id = models.UUIDField(_("person"))
    person_name = models.CharField(_("person"), max_length=60)
    seen_at = models.DateTimeField(_("seen at"))

    class Meta:
        verbose_name = _("look")
        verbose_name_plural = _("looks")
        constraints = [
            models.UniqueConstraint(fields=["revision", "person_id"], name="approvals_look_is_unique"),
        ]

    def __str__(self) -> str:
        return self.person_name
