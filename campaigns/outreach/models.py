"""Touches: what we tell customers, which way it went, and what they have allowed once."""

from datetime import time

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.customers.models import CustomerModel
from campaigns.lib.ids import new_id
from campaigns.tenants.models import tracked


@tracked(moves=())
class Terms(models.Model):
    """When and how often the bank writes to anybody: one row for the whole bank (rules.Terms says what it means)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    quiet_from = models.TimeField(_("quiet hours from"), default=time(21))
    quiet_until = models.TimeField(_("quiet hours until"), default=time(8))
    per_day = models.PositiveSmallIntegerField(
        _("marketing messages within 24 hours"), default=1, validators=[MaxValueValidator(20)]
    )
    per_week = models.PositiveSmallIntegerField(
        _("marketing messages within 7 days"), default=3, validators=[MaxValueValidator(50)]
    )

    class Meta:
        verbose_name = _("terms of messages")
        verbose_name_plural = _("terms of messages")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="outreach_terms_is_one_row")]

    def __str__(self) -> str:
        return gettext("the whole bank")


class Touch(CustomerModel):
    """One thing that one customer is told, at `due_at` at the earliest and before `until` (UTC).

    `words` are what the inbox shows ({"title", "text"}, both languages as {"zh", "en"} where the room gives them) and
    what a template is filled with; they name no person. The same `key` of one customer twice is one touch. `way` is
    empty until it is decided; `tried` are ways that did not get through. `why` says why it was not sent.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("touch", "Waiting")
        HANDED = "handed", pgettext_lazy("touch", "Being sent")
        SENT = "sent", pgettext_lazy("touch", "Sent")
        STOPPED = "stopped", pgettext_lazy("touch", "Not sent")
        CANCELLED = "cancelled", pgettext_lazy("touch", "Taken back")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind of message"), max_length=60)
    purpose = models.CharField(_("purpose"), max_length=12)
    thing = models.CharField(_("thing"), max_length=120)
    key = models.CharField(_("effect key"), max_length=120)
    words = models.JSONField(_("words"), default=dict)
    page = models.CharField(_("page it opens"), max_length=200, blank=True)
    due_at = models.DateTimeField(_("to be sent at"))
    until = models.DateTimeField(_("no later than"))
    asked_at = models.DateTimeField(_("asked for at"))
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.WAITING)
    way = models.CharField(_("channel"), max_length=12, blank=True)
    tried = models.JSONField(_("channels tried"), default=list)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0, db_default=0)
    message_id = models.UUIDField(_("outgoing message"), null=True, editable=False)
    why = models.JSONField(_("reason"), default=dict)  # {"code", "zh", "en"}
    decided_at = models.DateTimeField(_("decided at"), null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    read_at = models.DateTimeField(_("read at"), null=True)

    class Meta:
        verbose_name = _("message to a customer")
        verbose_name_plural = _("messages to customers")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "key"], name="outreach_touch_is_asked_for_once"),
            models.CheckConstraint(
                condition=(Q(state="sent") & Q(sent_at__isnull=False))
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="outreach_touch_sent_has_its_moment",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "handed", "sent", "stopped", "cancelled"]),
                name="outreach_touch_state_is_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], condition=Q(state="waiting"), name="outreach_touch_to_send"
            ),
            models.Index(
                fields=["message_id"], condition=Q(state="handed"), name="outreach_touch_on_its_way"
            ),
            models.Index(fields=["thing"], condition=Q(state="waiting"), name="outreach_touch_of_a_thing"),
            models.Index(
                fields=["customer", "decided_at"],
                condition=Q(purpose="marketing", state__in=["handed", "sent"]),
                name="outreach_touch_counts_lately",
            ),
        ]

    def __str__(self) -> str:
        return self.kind


class Credit(CustomerModel):
    """One tap on "allow" in the mini-program: WeChat takes one subscribe message of this kind for it, once.

    Spent when the message is handed over, given back when that failed for another reason, `void_at` when WeChat says
    that the customer allows none (43101).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind of message"), max_length=60)
    key = models.CharField(_("effect key"), max_length=120)
    granted_at = models.DateTimeField(_("granted at"))
    spent_at = models.DateTimeField(_("spent at"), null=True)
    touch = models.ForeignKey(
        Touch,
        models.PROTECT,
        null=True,
        related_name="credits",
        db_index=False,
        verbose_name=_("message to a customer"),
    )
    void_at = models.DateTimeField(_("void since"), null=True)

    class Meta:
        verbose_name = _("one-time subscription")
        verbose_name_plural = _("one-time subscriptions")
        ordering = ["granted_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "key"], name="outreach_credit_is_granted_once"),
            models.UniqueConstraint(
                fields=["touch"], condition=Q(touch__isnull=False), name="outreach_credit_is_spent_on_one"
            ),
            models.CheckConstraint(
                condition=Q(spent_at__isnull=True, touch__isnull=True)
                | Q(spent_at__isnull=False, touch__isnull=False),
                name="outreach_credit_spent_names_its_touch",
            ),
        ]
        indexes = [
            models.Index(
                fields=["customer", "kind", "granted_at"],
                condition=Q(spent_at__isnull=True, void_at__isnull=True),
                name="outreach_credit_left",
            )
        ]

    def __str__(self) -> str:
        return self.kind
