"""Files of customers that were taken in, what became of each row, and files of customers that were given out."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel


class CustomerFile(TenantModel):
    """A file of customers, loaded for the tree at and below `branch`; its content lies sealed on the disk.

    It keeps no history of its own: the audit has every step. `headings` is the line of the headings, `rows` counts
    records below it; `mapping` as `imports/mapping.py` has it. What asks for more than a few customers `is_large` and
    needs the word of a second person. `counts`: verdict -> rows, first as judged and then as carried out.
    `kept_until`: when the content and all that would take it back are deleted.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("columns to be chosen")
        JUDGING = "judging", _("being judged")
        JUDGED = "judged", _("judged")
        WAITING = "waiting", _("waits for a second person")
        APPLYING = "applying", _("being carried out")
        APPLIED = "applied", _("carried out")
        UNDOING = "undoing", _("being taken back")
        UNDONE = "undone", _("taken back")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("file"), max_length=200)
    source = models.CharField(_("source"), max_length=40)
    loaded_at = models.DateTimeField(_("loaded at"))
    loaded_by = models.CharField(_("loaded by"), max_length=60, blank=True)
    sha256 = models.CharField(_("hash of the file"), max_length=64)
    size = models.BigIntegerField(_("bytes"))
    form = models.CharField(_("format"), max_length=4)
    delimiter = models.CharField(_("column separator"), max_length=1)
    rows = models.PositiveIntegerField(_("rows"))
    headings = models.PositiveIntegerField(_("line of the headings"))
    titles = models.JSONField(_("headings"), default=list)
    headings_key = models.CharField(_("hash of the headings"), max_length=64)
    mapping = models.JSONField(_("columns"), default=dict)
    is_mapping_chosen = models.BooleanField(_("columns were chosen"), default=False)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.DRAFT)
    counts = models.JSONField(_("verdicts"), default=dict)
    judged_at = models.DateTimeField(_("judged at"), null=True)
    is_large = models.BooleanField(_("needs a second person"), default=False)
    asked_by_id = models.UUIDField(_("asked by"), null=True)
    asked_by = models.CharField(_("asked by"), max_length=60, blank=True)
    asked_at = models.DateTimeField(_("asked at"), null=True)
    confirmed_by_id = models.UUIDField(_("confirmed by"), null=True)
    confirmed_by = models.CharField(_("confirmed by"), max_length=60, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    job_id = models.UUIDField(_("long job"), null=True)
    started_at = models.DateTimeField(_("started at"), null=True)
    applied_at = models.DateTimeField(_("carried out at"), null=True)
    undone_at = models.DateTimeField(_("taken back at"), null=True)
    kept_until = models.DateTimeField(_("content kept until"))
    gone_at = models.DateTimeField(_("content deleted at"), null=True)

    class Meta:
        verbose_name = _("customer file")
        verbose_name_plural = _("customer files")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by_id__isnull=True) | ~Q(confirmed_by_id=F("asked_by_id")),
                name="customers_customerfile_confirmed_by_another_person",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["applying", "applied", "undoing", "undone"])
                | Q(is_large=False)
                | Q(confirmed_by_id__isnull=False),
                name="customers_customerfile_large_one_is_confirmed",
            ),
        ]
        indexes = [
            models.Index(fields=["source", "headings_key", "-id"], name="customers_file_remembered"),
        ]

    def __str__(self) -> str:
        return self.name


class FileLot(TenantModel):
    """Some thousand records of a file that are carried out in one transaction.

    `offset` and `line` say where they begin. `verdicts`: a letter for each record (n new, c changed, s same,
    r refused); `refused`: for each refused one its place, code and column, packed. Once carried out: `made` are the new
    customers and `prints` what their attributes looked like, `before` what changed and from what, sealed.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    file = models.ForeignKey(CustomerFile, models.PROTECT, db_index=False, related_name="lots")
    number = models.PositiveIntegerField()
    offset = models.BigIntegerField()
    line = models.PositiveIntegerField()
    verdicts = models.BinaryField()
    refused = models.BinaryField(default=b"")
    new_rows = models.PositiveIntegerField(default=0)
    changed_rows = models.PositiveIntegerField(default=0)
    same_rows = models.PositiveIntegerField(default=0)
    refused_rows = models.PositiveIntegerField(default=0)
    applied_at = models.DateTimeField(null=True)
    made = ArrayField(models.UUIDField(), default=list)
    prints = ArrayField(models.BigIntegerField(), default=list)
    before = models.BinaryField(default=b"")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("lot of a customer file")
        verbose_name_plural = _("lots of customer files")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["file", "number"], name="customers_filelot_number_is_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.number}"


class CustomerExport(TenantModel):
    """A file of customers that somebody asked for: whom, which columns, why, and who confirmed it.

    `asks`: the filters of the list. It keeps no history of its own: the audit has every step. The file itself is the
    long job's result, deleted at `kept_until`. `number` stands in every page of the file.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for a second person")
        WRITING = "writing", _("being written")
        DONE = "done", _("ready")
        DECLINED = "declined", _("declined")
        GONE = "gone", _("deleted in due course")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    form = models.CharField(_("format"), max_length=4)
    asks = models.JSONField(_("whom"), default=dict)
    columns = models.JSONField(_("columns"), default=list)
    is_unmasked = models.BooleanField(_("in the clear"), default=False)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    rows = models.PositiveIntegerField(_("customers"))
    is_large = models.BooleanField(_("needs a second person"), default=False)
    state = models.CharField(_("state"), max_length=8, choices=State)
    asked_by_id = models.UUIDField(_("asked by"), null=True)
    asked_by = models.CharField(_("asked by"), max_length=60, blank=True)
    asked_at = models.DateTimeField(_("asked at"))
    opened_as = models.JSONField(_("on whose behalf"), default=dict)
    confirmed_by_id = models.UUIDField(_("confirmed by"), null=True)
    confirmed_by = models.CharField(_("confirmed by"), max_length=60, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    job_id = models.UUIDField(_("long job"), null=True)
    done_at = models.DateTimeField(_("ready at"), null=True)
    kept_until = models.DateTimeField(_("kept until"), null=True)

    class Meta:
        verbose_name = _("customer export")
        verbose_name_plural = _("customer exports")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by_id__isnull=True) | ~Q(confirmed_by_id=F("asked_by_id")),
                name="customers_customerexport_confirmed_by_another_person",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["writing", "done"])
                | Q(is_large=False)
                | Q(confirmed_by_id__isnull=False),
                name="customers_customerexport_large_one_is_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(is_unmasked=False) | ~Q(reason=""),
                name="customers_customerexport_in_the_clear_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"E{str(self.id)[-8:].upper()}"
