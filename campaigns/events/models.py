"""What customers did: a row per event, in one partition a month, by its id (sql.py)."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.tenants.models import TenantModel


class Event(TenantModel):
    """Something one customer did. Written by verbs alone, and told once, however often it is sent.

    The id's own time names the partition. The branch is the home branch when it was received, and stays so when the
    customer moves. `customer_id` is nobody's key: the wall of so large a table would cost more than the table.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    customer_id = models.UUIDField(_("customer"))
    # Of whom it was told, where that one has become part of another customer.
    recorded_of = models.UUIDField(_("recorded of"), null=True)
    kind = models.CharField(_("kind"), max_length=60)
    at = models.DateTimeField(_("moment"))
    # What the sender said, where its clock was ahead of ours.
    told_at = models.DateTimeField(_("moment as told"), null=True)
    received_at = models.DateTimeField(_("received"))
    source = models.CharField(_("source"), max_length=60)  # "phone", "hook:core", "file:core", "rewards"
    subject = models.CharField(_("thing"), max_length=120, blank=True)  # a reference
    properties = models.JSONField(_("properties"), default=dict, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["customer_id", "-at"], name="events_event_of_customer"),
            # Both, so that a move finds what stands where no branch stands any more, without a walk over the rows.
            models.Index(fields=["branch_pos", "branch"], name="events_event_position"),
            # A few bytes for each stretch of pages: what was done lately stands together.
            BrinIndex(fields=["at"], name="events_event_by_moment", autosummarize=True, pages_per_range=32),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class HookNonce(models.Model):
    """A call of the bank's core that was taken: the same one again is refused. Bank-wide, kept for minutes.

    `mark` is a hash of source and nonce.
    """

    mark = models.BinaryField(max_length=32, primary_key=True)
    seen_at = models.DateTimeField(_("received"))

    class Meta:
        verbose_name = _("call taken")
        verbose_name_plural = _("calls taken")
        indexes = [models.Index(fields=["seen_at"], name="events_hooknonce_by_age")]

    def __str__(self) -> str:
        return str(self.seen_at)


class Drop(models.Model):
    """A file of events and how far it was taken. Known by what is in it, so that a copy is not taken twice.

    Bank-wide: its rows are of customers of any branch. Whoever takes it holds the row's lock for a part at a time.
    """

    fingerprint = models.BinaryField(_("hash"), max_length=32, primary_key=True)
    name = models.CharField(_("file name"), max_length=200)
    source = models.CharField(_("source"), max_length=40)
    size = models.BigIntegerField(_("size in bytes"))
    rows = models.BigIntegerField(_("rows done"), default=0)
    taken = models.BigIntegerField(_("rows taken"), default=0)
    known = models.BigIntegerField(_("rows known already"), default=0)
    refused = models.BigIntegerField(_("rows refused"), default=0)
    # Why, by the codes of the refusals: how many rows each.
    reasons = models.JSONField(_("reasons"), default=dict, db_default=models.Value({}, models.JSONField()))
    # How long the file of refused rows was after the last whole part: what a killed one wrote beyond is cut off.
    refused_bytes = models.BigIntegerField(_("bytes of refused rows"), default=0)
    started_at = models.DateTimeField(_("started at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("file of events")
        verbose_name_plural = _("files of events")
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return self.name


class Heard(models.Model):
    """When a system of the bank last called, to the minute: a row that every call wrote would have them wait for each
    other. Bank-wide.
    """

    source = models.CharField(_("source"), max_length=60, primary_key=True)
    at = models.DateTimeField(_("last heard"))

    class Meta:
        verbose_name = _("source of events")
        verbose_name_plural = _("sources of events")

    def __str__(self) -> str:
        return self.source


class Cleared(models.Model):
    """How far the events of a kind were deleted, since their time was over: the next night goes on from there."""

    kind = models.CharField(_("kind"), max_length=60, primary_key=True)
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("events deleted")
        verbose_name_plural = _("events deleted")

    def __str__(self) -> str:
        return self.kind
