"""What coupons are granted by: files of many customers, and rules that answer to events of other systems."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel, tracked


class How(models.TextChoices):
    """How a customer came by a coupon."""

    CLAIMED = "claimed", _("Claimed")
    GRANTED = "granted", _("Granted")
    GIVEN = "given", _("Given by another customer")


class BatchFile(TenantModel):
    """A file that somebody loaded for a batch, row by row worked through by a long job; its content lies sealed.

    `branch` is where it was loaded: the customers it may reach are those at and below. It keeps no history of its own:
    the audit has who loaded it, and the job what became of it. `batch_id` is no key, since a branch may grant out of
    its share of a batch whose draft it does not see; the service asks the published copy. `args`: what is done with
    each row. `column` and `headings`: where the rows say whom they mean.
    """

    class Purpose(models.TextChoices):
        GRANT = "grant", _("grant to these customers")
        VOID = "void", _("void the coupons of these customers")
        EXTEND = "extend", _("extend the coupons of these customers")
        CODES = "codes", _("third-party codes")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch_id = models.UUIDField(_("coupon batch"))
    batch_title = models.CharField(_("coupon batch"), max_length=80)
    purpose = models.CharField(_("purpose"), max_length=8, choices=Purpose)
    name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(_("hash of the file"), max_length=64)
    delimiter = models.CharField(_("column separator"), max_length=1)
    rows = models.PositiveIntegerField(_("rows"))
    headings = models.PositiveIntegerField(_("line of the headings"))
    column = models.PositiveSmallIntegerField(_("column"))
    args = models.JSONField(_("what was asked"), default=dict)
    reason = models.CharField(_("reason"), max_length=200)
    loaded_at = models.DateTimeField(_("loaded at"))
    loaded_by = models.CharField(_("loaded by"), max_length=60, blank=True)
    job_id = models.UUIDField(_("long job"), null=True)
    kept_until = models.DateTimeField(_("content kept until"))
    gone_at = models.DateTimeField(_("content deleted at"), null=True)

    class Meta:
        verbose_name = _("list of a batch")
        verbose_name_plural = _("lists of batches")
        ordering = ["-id"]
        indexes = [models.Index(fields=["batch_id", "-id"], name="rewards_batchfile_of_batch")]

    def __str__(self) -> str:
        return self.name


class BatchFileLot(TenantModel):
    """The rows of one lot that were refused: (line, code) for each, packed; nothing of what the cells held."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    file = models.ForeignKey(BatchFile, models.PROTECT, db_index=False, related_name="lots")
    number = models.PositiveIntegerField()
    refused = models.BinaryField()

    class Meta:
        verbose_name = _("lot of a list")
        verbose_name_plural = _("lots of lists")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["file", "number"], name="rewards_batchfilelot_number_is_unique"),
        ]

    def __str__(self) -> str:
        return str(self.number)


@tracked()
class GrantRule(TenantModel):
    """Who a system of the bank tells this of gets a coupon of this batch: 医保缴费 -> 体检券.

    `source` is the system of `POST hooks/{source}`, `event_kind` what it tells; `product` narrows to events that name
    that product. What is granted stays within the batch's stock, limit and approval like any other grant.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.ForeignKey(
        "rewards.Batch", models.PROTECT, related_name="grant_rules", verbose_name=_("coupon batch")
    )
    source = models.CharField(_("source"), max_length=40)
    event_kind = models.CharField(_("kind of event"), max_length=60)
    product = models.CharField(_("product"), max_length=60, blank=True)
    reason = models.CharField(_("reason"), max_length=200)
    is_open = models.BooleanField(_("in force"), default=True)

    class Meta:
        verbose_name = _("grant rule")
        verbose_name_plural = _("grant rules")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "source", "event_kind", "product"],
                name="rewards_grantrule_stands_once_for_its_batch",
            ),
        ]
        indexes = [
            models.Index(
                fields=["source", "event_kind"], condition=Q(is_open=True), name="rewards_grantrule_heard"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.event_kind}"


class EventGrant(TenantModel):
    """One event of another system that a rule answers: written in the transaction that takes the event, granted right
    after. One for a batch, a source and that source's own id of the event, however often and by whatever rule.

    `branch` is the customer's home then. `word` says why not (campaigns/rewards/refusals/coupons.py).
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("to be granted")
        GRANTED = "granted", _("granted")
        REFUSED = "refused", _("not granted")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    rule = models.ForeignKey(
        GrantRule, models.PROTECT, db_index=False, related_name="grants", verbose_name=_("grant rule")
    )
    batch = models.ForeignKey(
        "rewards.Batch", models.PROTECT, db_index=False, related_name="+", verbose_name=_("coupon batch")
    )
    source = models.CharField(_("source"), max_length=40)
    told = models.CharField(_("the source's own id"), max_length=120)
    event_id = models.UUIDField(_("event"))
    customer_id = models.UUIDField(_("customer"))
    at = models.DateTimeField(_("told at"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    coupon_id = models.UUIDField(_("coupon"), null=True)
    word = models.CharField(_("why not"), max_length=40, blank=True, db_default="")

    class Meta:
        verbose_name = _("grant by an event")
        verbose_name_plural = _("grants by events")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "source", "told"], name="rewards_eventgrant_event_grants_once"
            ),
            models.CheckConstraint(
                condition=Q(state="granted", coupon_id__isnull=False)
                | (~Q(state="granted") & Q(coupon_id__isnull=True)),
                name="rewards_eventgrant_granted_has_its_coupon",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="waiting"), name="rewards_eventgrant_waiting"),
            models.Index(fields=["rule", "-id"], name="rewards_eventgrant_of_rule"),
        ]

    def __str__(self) -> str:
        return self.told
