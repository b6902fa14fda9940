"""Many approvals asked for at once, carried out one by one by a worker."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel


class Bulk(TenantModel):
    """What one person asked to have approved at once, at `branch`; nobody else sees it. Its items say how each ended.

    It keeps no history of its own: it is the record of one event. `opened_as` is what the person's scope carries; the
    worker opens it anew for each item. Who holds `attempt` until `lease_until` is the worker that runs it; a lease that
    has run out was a worker's death, and another goes on.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for its turn")
        RUNNING = "running", _("Being carried out")
        DONE = "done", _("All through")
        STOPPED = "stopped", _("Stopped")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person_id = models.UUIDField(_("reviewer"))
    person_name = models.CharField(_("reviewer"), max_length=60)
    opened_as = models.JSONField(_("on whose behalf"))
    comment = models.TextField(_("comment"), max_length=2000, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    total = models.PositiveIntegerField(_("in all"))
    done = models.PositiveIntegerField(_("done"), default=0)
    approved = models.PositiveIntegerField(_("of these approved"), default=0)
    attempt = models.UUIDField(_("run"), null=True)
    lease_until = models.DateTimeField(_("lease until"), null=True)
    why_not = models.JSONField(_("why it stopped"), default=dict)  # language -> words
    at = models.DateTimeField(_("asked at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("bulk approval")
        verbose_name_plural = _("bulk approvals")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(approved__lte=F("done")) & Q(done__lte=F("total")),
                name="approvals_bulk_counts_no_more_than_was_asked",
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(attempt__isnull=False, lease_until__isnull=False),
                name="approvals_bulk_running_one_has_a_lease",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(state__in=["waiting", "running"]), name="approvals_bulk_to_run"
            ),
            models.Index(fields=["person_id", "-id"], name="approvals_bulk_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person_name} · {self.total}"

    @property
    def is_over(self) -> bool:
        """Whether nothing happens to it by itself any more."""
        return self.state in {self.State.DONE, self.State.STOPPED}

    @property
    def refused(self) -> int:
        return self.done - self.approved


class BulkItem(TenantModel):
    """One review of a bulk approval, with the hash that the person saw on the list. It is settled once.

    `code` and `words` (language -> sentence) say why it was refused.
    """

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("To come")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Not approved")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    bulk = models.ForeignKey(
        Bulk, models.PROTECT, db_index=False, related_name="items", verbose_name=_("bulk approval")
    )
    revision = models.ForeignKey(
        "approvals.Revision", models.PROTECT, db_index=False, related_name="+", verbose_name=_("revision")
    )
    number = models.PositiveIntegerField(_("number"))
    sha256 = models.CharField(_("hash"), max_length=64)
    title = models.CharField(_("title"), max_length=200)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome, default=Outcome.WAITING)
    code = models.CharField(_("code"), max_length=80, blank=True)
    words = models.JSONField(_("words"), default=dict)
    at = models.DateTimeField(_("moment"), null=True)

    class Meta:
        verbose_name = _("item of a bulk approval")
        verbose_name_plural = _("items of bulk approvals")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["bulk", "revision"], name="approvals_bulkitem_revision_stands_once_in_it"
            ),
            models.CheckConstraint(
                condition=Q(outcome="waiting", at__isnull=True)
                | (~Q(outcome="waiting") & Q(at__isnull=False)),
                name="approvals_bulkitem_waits_or_is_settled",
            ),
        ]
        indexes = [
            models.Index(
                fields=["bulk", "number"], condition=Q(outcome="waiting"), name="approvals_bulkitem_to_come"
            ),
        ]

    def __str__(self) -> str:
        return self.title
