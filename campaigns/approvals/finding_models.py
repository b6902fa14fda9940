"""What checks find in a revision, who lets it stand, and the word lists they look by."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel, tracked


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
        "approvals.Revision", models.PROTECT, related_name="findings", verbose_name=_("revision")
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
