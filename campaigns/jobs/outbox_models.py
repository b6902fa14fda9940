"""What leaves the system: messages, the gates they pass, and the access tokens that some receivers ask for."""

from django.db import models
from django.db.models import Func, Q, Value
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel

UNFINISHED = ("waiting", "sending")
# A dead one holds up those behind it where the adapter says so.
IN_THE_WAY = (*UNFINISHED, "dead")


class Message(TenantModel):
    """One call or message to somebody outside, written in the transaction of the change that it tells of.

    It is delivered at least once; `key` goes along, so that the receiver tells twins apart. To one account, messages
    of one `subject` go out in the order of `place`, which is given in the order of committing (services/outbox.py).
    Who holds `attempt` until `lease_until` is sending it; a lease that has run out was a worker's death, and `ready_at`
    says when the row may be claimed next in either case. Kept free of phone and identity numbers; once it is over the
    body is emptied down to the fields its adapter names, and `sha256` still says what it was.

    It keeps no history of its own: states, tries and the last answer are the record.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("message", "Waiting")
        SENDING = "sending", pgettext_lazy("message", "Being sent")
        SENT = "sent", pgettext_lazy("message", "Sent")
        DEAD = "dead", pgettext_lazy("message", "Not delivered")
        CANCELLED = "cancelled", pgettext_lazy("message", "Given up")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    adapter = models.CharField(_("adapter"), max_length=40)
    account = models.CharField(_("account"), max_length=80, blank=True)
    subject = models.CharField(_("thing"), max_length=120)
    key = models.CharField(_("effect key"), max_length=160)
    # The hash of account and thing: messages of one line wait for one another.
    line = models.BigIntegerField(_("line of messages"), editable=False)
    place = models.BigIntegerField(
        _("order of sending"),
        db_default=Func(Value("jobs_message_places"), function="nextval"),
        editable=False,
    )
    body = models.JSONField(_("message body"))
    sha256 = models.CharField(_("hash"), max_length=64)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.WAITING)
    ready_at = models.DateTimeField(_("next try"))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    lost = models.PositiveSmallIntegerField(_("workers lost"), default=0)
    attempt = models.UUIDField(_("run"), null=True)
    lease_until = models.DateTimeField(_("lease until"), null=True)
    answer = models.JSONField(_("answer"), default=dict)
    why = models.JSONField(_("reason"), default=dict)  # {"code", "zh", "en"}
    at = models.DateTimeField(_("written at"))
    sent_at = models.DateTimeField(_("sent at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    emptied_at = models.DateTimeField(_("emptied at"), null=True)

    class Meta:
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["adapter", "account", "key"], name="jobs_message_key_stands_once_for_an_account"
            ),
            models.CheckConstraint(
                condition=Q(state="sending", attempt__isnull=False, lease_until__isnull=False)
                | (~Q(state="sending") & Q(attempt__isnull=True, lease_until__isnull=True)),
                name="jobs_message_being_sent_has_a_lease",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="jobs_message_sent_has_its_moment",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["sent", "dead", "cancelled"], ended_at__isnull=False)
                | Q(state__in=UNFINISHED, ended_at__isnull=True),
                name="jobs_message_ended_has_its_moment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["adapter", "account", "ready_at", "place"],
                condition=Q(state__in=UNFINISHED),
                name="jobs_message_to_send",
            ),
            models.Index(
                fields=["line", "place"],
                condition=Q(state__in=IN_THE_WAY),
                name="jobs_message_in_the_way",
            ),
            models.Index(fields=["state", "-id"], name="jobs_message_by_state"),
            models.Index(
                fields=["ended_at"],
                condition=Q(state__in=["sent", "cancelled"], emptied_at__isnull=True),
                name="jobs_message_to_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.adapter} · {self.key}"


class Gate(models.Model):
    """The gate before one account of one adapter, shared by all workers: breaker and rate.

    Bank-wide, without a branch: an account is the bank's, and says nothing of whose messages pass. `failures` counts
    those in a row; while `shut_until` lies ahead nothing passes, and after it one message alone tries (`probe_until`
    keeps the others back). `times` is how often it was shut in a row.
    """

    class ShutBy(models.TextChoices):
        NOBODY = "", pgettext_lazy("gate", "nobody")
        BREAKER = "breaker", pgettext_lazy("gate", "too many failures")
        RECEIVER = "receiver", pgettext_lazy("gate", "the receiver asked to wait")
        STAFF = "staff", pgettext_lazy("gate", "shut by hand")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    adapter = models.CharField(_("adapter"), max_length=40)
    account = models.CharField(_("account"), max_length=80, blank=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    times = models.PositiveIntegerField(_("shut in a row"), default=0)
    shut_until = models.DateTimeField(_("shut until"), null=True)
    shut_by = models.CharField(_("shut by"), max_length=8, choices=ShutBy, default=ShutBy.NOBODY, blank=True)
    why = models.JSONField(_("reason"), default=dict)  # {"code", "zh", "en"}
    probe_until = models.DateTimeField(_("one tries until"), null=True)
    tokens = models.FloatField(_("may pass at once"), default=0)
    refilled_at = models.DateTimeField(_("counted at"), null=True)
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("outbox gate")
        verbose_name_plural = _("outbox gates")
        ordering = ["adapter", "account"]
        constraints = [
            models.UniqueConstraint(fields=["adapter", "account"], name="jobs_gate_account_has_one_gate"),
            models.CheckConstraint(
                condition=Q(tokens__gte=0), name="jobs_gate_lets_no_more_pass_than_it_has"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.adapter} · {self.account}" if self.account else self.adapter


class AccessToken(models.Model):
    """The one access token of one app at WeChat or WeCom, sealed by the installation's key; as bank-wide as the app."""

    app = models.CharField(_("app"), primary_key=True, max_length=120)
    token = models.BinaryField()
    valid_until = models.DateTimeField(_("valid until"))
    fetched_at = models.DateTimeField(_("fetched at"))

    class Meta:
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")

    def __str__(self) -> str:
        return self.app
