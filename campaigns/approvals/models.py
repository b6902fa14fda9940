"""Frozen revisions and the decisions on them."""

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel, tracked


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


class Finding(TenantModel):
    """What a check found in a revision when it was submitted. Append-only.

    `line` is the key of the description's line, empty for the whole thing; `start` and `end` (exclusive) count
    characters of that line, 0 and 0 for all of it. `list_version` names the word list that said so.
    """

    class Severity(models.TextChoices):
        WARN = "warn", _("Warning")
        BLOCK = "block", _("Blocking")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    revision = models.ForeignKey(
        Revision, models.PROTECT, related_name="findings", verbose_name=_("revision")
    )
    rule = models.CharField(_("check"), max_length=60)
    line = models.CharField(_("place"), max_length=60, blank=True)
    start = models.PositiveIntegerField(_("from character"), default=0)
    end = models.PositiveIntegerField(_("until character"), default=0)
    excerpt = models.CharField(_("excerpt"), max_length=200, blank=True)
    args = models.JSONField(_("detail"), default=dict)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity)
    list_version = models.CharField(_("word list"), max_length=200, blank=True)
    at = models.DateTimeField(_("moment"))

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(start__lte=models.F("end")), name="approvals_finding_place_is_forward"
            ),
            models.CheckConstraint(
                condition=Q(severity="warn"), name="approvals_finding_blocking_ones_are_never_submitted"
            ),
        ]

    def __str__(self) -> str:
        return self.excerpt or self.rule


class Acknowledgement(TenantModel):
    """Who has seen a finding and lets it stand; never the maker. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    finding = models.OneToOneField(
        Finding, models.PROTECT, related_name="acknowledgement", verbose_name=_("finding")
    )
    person_id = models.UUIDField(_("reviewer"))
    person_name = models.CharField(_("reviewer"), max_length=60)
    at = models.DateTimeField(_("moment"))

    class Meta:
        verbose_name = _("acknowledgement")
        verbose_name_plural = _("acknowledgements")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.person_name


@tracked()
class WordList(TenantModel):
    """The draft of a list of forbidden words, of what must be said, and of where links may lead (lists.py)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    title = models.CharField(_("title"), max_length=60)
    text = models.TextField(_("lines"), blank=True)
    author_id = models.UUIDField(_("maker"), null=True, editable=False)
    author_name = models.CharField(_("maker"), max_length=60, editable=False, blank=True)
    changed_at = models.DateTimeField(_("changed at"), editable=False)

    class Meta:
        verbose_name = _("word list")
        verbose_name_plural = _("word lists")
        ordering = ["branch_pos", "title", "id"]

    def __str__(self) -> str:
        return self.title


@tracked()
class LiveWordList(TenantModel):
    """The word list that holds for its branch and all below it: the published copy of an approved revision."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    word_list = models.OneToOneField(
        WordList, models.PROTECT, related_name="live", verbose_name=_("word list")
    )
    title = models.CharField(_("title"), max_length=60)
    number = models.PositiveIntegerField(_("revision"))
    document = models.JSONField(_("lines"))
    handed_down = models.BooleanField(_("also for the branches below"), default=True)
    revision_id = models.UUIDField(_("revision"))
    sha256 = models.CharField(_("hash"), max_length=64)

    class Meta:
        verbose_name = _("word list in force")
        verbose_name_plural = _("word lists in force")
        ordering = ["branch_pos", "id"]
        constraints = [
            # What holds above holds below: a list that is not handed down would be a hole in it.
            models.CheckConstraint(
                condition=Q(handed_down=True), name="approvals_livewordlist_holds_below_too"
            ),
        ]

    def __str__(self) -> str:
        return self.title
