"""Points for many at once: what was asked for, whom each row meant and why not, and the lots it is posted in."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.customers.models import Customer
from campaigns.lib.ids import new_id
from campaigns.points.models.ledger import Ends
from campaigns.tenants.models import Branch, Person, TenantModel


class Award(TenantModel):
    """Points for the customers of a file or of a tag, asked for at `branch` and carried out by long jobs.

    `name`: the file's or the tag's; `each`: points for everyone (empty: the file's column says). `waits_until`: in
    force from then (UTC; empty: as soon as posted), and from then good for `months` to the end of `ends`. `customers`,
    `points` and `refused` are what judging came to; `alone`: how many points the asker might award alone then.
    `kept_until`: when the sealed content and the rows are deleted. Written by the verbs of sql/awards.py alone.
    """

    class State(models.TextChoices):
        JUDGING = "judging", _("rows are being checked")
        JUDGED = "judged", _("checked, not asked for yet")
        ASKED = "asked", _("waits for a second person")
        AGREED = "agreed", _("being posted")
        POSTED = "posted", _("posted")
        REFUSED = "refused", pgettext_lazy("points", "refused")
        DROPPED = "dropped", _("withdrawn")
        RETURNING = "returning", _("being taken back")
        RETURNED = "returned", _("taken back")

    class Source(models.TextChoices):
        FILE = "file", _("customers of a file")
        TAG = "tag", _("customers with a tag")

    class Payer(models.TextChoices):
        """Whose liability the points are."""

        HOME = "home", _("each customer's home branch")
        OWN = "own", _("the branch that awards")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    title = models.CharField(_("title"), max_length=80)
    reason = models.CharField(_("reason"), max_length=200)
    source = models.CharField(_("whom"), max_length=4, choices=Source)
    name = models.CharField(_("file or tag"), max_length=200)
    tag_id = models.IntegerField(_("tag"), null=True)
    sha256 = models.CharField(_("hash of the file"), max_length=64, blank=True)
    # Where the file's rows say what: columns, and by what they name customers.
    reading = models.JSONField(_("how the file is read"), default=dict)
    each = models.BigIntegerField(_("points for each"), null=True)
    waits_until = models.DateTimeField(_("in force from"), null=True)
    months = models.PositiveSmallIntegerField(_("months"), null=True)
    ends = models.CharField(_("ends"), max_length=8, choices=Ends)
    payer = models.CharField(_("issued by"), max_length=4, choices=Payer)
    state = models.CharField(_("state"), max_length=9, choices=State)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    customers = models.PositiveIntegerField(_("customers"), default=0)
    points = models.BigIntegerField(_("sum of points"), default=0)
    refused = models.PositiveIntegerField(_("rows refused"), default=0)
    alone = models.BigIntegerField(_("may be adjusted alone"), default=0)
    loaded_at = models.DateTimeField(_("loaded at"))
    asked_at = models.DateTimeField(_("asked at"), null=True)
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
    remark = models.CharField(_("remark"), max_length=200, blank=True)
    posted_at = models.DateTimeField(_("posted at"), null=True)
    returned_at = models.DateTimeField(_("taken back at"), null=True)
    returned_by = models.ForeignKey(
        Person, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+",
        verbose_name=_("taken back by"),
    )  # fmt: skip
    return_reason = models.CharField(_("reason of taking back"), max_length=200, blank=True)
    owes_rest = models.BooleanField(_("what is spent already, the customer owes"), default=True)
    # Who judged its rows, with the table of those refused; and who works at it now.
    judge_job_id = models.UUIDField(_("check of the rows"), null=True)
    job_id = models.UUIDField(_("long job"), null=True)
    kept_until = models.DateTimeField(_("content kept until"))
    gone_at = models.DateTimeField(_("content deleted at"), null=True)

    class Meta:
        verbose_name = _("award of points")
        verbose_name_plural = _("awards of points")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(source="file", tag_id__isnull=True) | Q(source="tag", tag_id__isnull=False, each__gte=1),
                name="points_award_is_of_a_file_or_a_tag",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | Q(asked_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="points_award_maker_is_not_checker",
            ),
            # Above what one person may do alone, somebody else agreed.
            models.CheckConstraint(
                condition=~Q(state__in=["agreed", "posted", "returning", "returned"])
                | Q(decided_by__isnull=False)
                | Q(alone__gte=F("points")),
                name="points_award_above_the_limit_has_a_checker",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | Q(decided_by__isnull=False),
                name="points_award_is_refused_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(points__gte=F("customers")), name="points_award_gives_each_at_least_one"
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["asked_by", "asked_at"], name="points_award_of_day")]

    def __str__(self) -> str:
        return self.title


class AwardRow(TenantModel):
    """One row of an award: whom it means, how many points, and why not (`word`, empty: good).

    `customer` is none of our key's: whoever is meant may be merged or erased later. `back`: what became of it when the
    award was taken back. Deleted some time after the award is over; the ledger keeps what was given.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    award = models.ForeignKey(Award, models.PROTECT, db_index=False, related_name="+")
    line = models.PositiveIntegerField(_("line"))
    customer = models.ForeignKey(
        Customer, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+",
        verbose_name=_("customer"),
    )  # fmt: skip
    home = models.ForeignKey(
        Branch, models.DO_NOTHING, db_constraint=False, db_index=False, null=True, related_name="+",
        verbose_name=_("home branch"),
    )  # fmt: skip
    points = models.BigIntegerField(_("points"))
    word = models.CharField(_("why not"), max_length=8, blank=True)
    lot_id = models.UUIDField(_("lot of an award"), null=True)
    back = models.CharField(_("taken back"), max_length=8, blank=True)

    class Meta:
        verbose_name = _("row of an award")
        verbose_name_plural = _("rows of awards")
        ordering = ["line"]
        constraints = [
            models.UniqueConstraint(fields=["award", "line"], name="points_awardrow_line_is_unique"),
            models.UniqueConstraint(
                fields=["award", "customer"], condition=Q(word=""), name="points_awardrow_customer_stands_once"
            ),
            models.CheckConstraint(
                condition=~Q(word="") | Q(customer__isnull=False, home__isnull=False, points__gte=1),
                name="points_awardrow_good_one_is_whole",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["lot_id"], name="points_awardrow_of_lot"),
            models.Index(
                fields=["award", "line"], condition=~Q(word=""), name="points_awardrow_refused"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.line)


class AwardLot(TenantModel):
    """Rows of an award with one issuer that are posted together: one movement, whose key is the lot's id.

    `customers` and `points` are what it came to; without a movement, once it is posted, nobody of it was left.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    award = models.ForeignKey(Award, models.PROTECT, db_index=False, related_name="+")
    number = models.PositiveIntegerField(_("number"))
    issuer = models.ForeignKey(
        Branch, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+",
        verbose_name=_("issued by"),
    )  # fmt: skip
    customers = models.PositiveIntegerField(_("customers"))
    points = models.BigIntegerField(_("points"))
    movement_id = models.UUIDField(_("movement"), null=True)
    posted_at = models.DateTimeField(_("posted at"), null=True)

    class Meta:
        verbose_name = _("lot of an award")
        verbose_name_plural = _("lots of awards")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["award", "number"], name="points_awardlot_number_is_unique"),
        ]

    def __str__(self) -> str:
        return str(self.number)
