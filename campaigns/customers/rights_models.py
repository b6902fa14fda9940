"""What customers may ask for: a copy of what is known of them, and to be forgotten."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.customers.customer_models import CustomerModel
from campaigns.lib.ids import new_id


class DataExport(CustomerModel):
    """One copy of everything that is known of a customer, for that customer alone.

    Its file is sealed under the person's key. `token_hash` is of the address that was handed out last and not used
    yet; from `gone_at` on nothing is left to fetch. No history: its moments are.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Being made")
        READY = "ready", _("Ready to be fetched")
        GONE = "gone", _("Deleted")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(_("asked at"))
    ready_at = models.DateTimeField(_("ready at"), null=True)
    gone_at = models.DateTimeField(_("kept until"), null=True)
    fetched_at = models.DateTimeField(_("fetched at"), null=True)
    size = models.PositiveIntegerField(_("bytes"), default=0)
    token_hash = models.BinaryField(max_length=32, null=True)

    class Meta:
        verbose_name = _("copy of one's information")
        verbose_name_plural = _("copies of one's information")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(state__in=["waiting", "ready"]),
                name="customers_dataexport_one_is_open",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", ready_at__isnull=True)
                | (~Q(state="waiting") & Q(gone_at__isnull=False)),
                name="customers_dataexport_made_one_says_until_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["gone_at"], condition=Q(state="ready"), name="customers_dataexport_to_delete"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()}"


class Erasure(CustomerModel):
    """One wish to be forgotten: waits until `erase_at`, may be taken back until then.

    `kept` names what the law has us keep under the pseudonym, `held_up` what had to be settled when it was due.
    It stays when it is carried out, as the record that it was. No history: its moments are.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for its day")
        WITHDRAWN = "withdrawn", _("Taken back")
        DONE = "done", _("Erased")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(_("asked at"))
    by_person = models.UUIDField(_("noted by"), null=True)
    why = models.CharField(_("reason"), max_length=200, blank=True)
    erase_at = models.DateTimeField(_("to be erased at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)
    kept = models.JSONField(_("kept by law"), default=list)  # [{"name", "zh", "en"}]
    held_up = models.JSONField(_("held up by"), default=list)  # [{"zh", "en"}]

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(state="waiting"), name="customers_erasure_one_waits"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", ended_at__isnull=True)
                | (~Q(state="waiting") & Q(ended_at__isnull=False)),
                name="customers_erasure_ended_one_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()}"


class Tombstone(models.Model):
    """The keyed hash of a customer number that was erased, so that the next import does not bring the person back.

    Bank-wide, and tied to nobody: it knows neither customer nor branch, and what is kept under a pseudonym cannot be
    joined with it. It goes when the period of `retention.py` is over, or when the person comes back.
    """

    lookup = models.BinaryField(primary_key=True, max_length=32)
    erased_at = models.DateTimeField(_("erased at"))

    class Meta:
        verbose_name = _("erased number")
        verbose_name_plural = _("erased numbers")

    def __str__(self) -> str:
        return "****"
