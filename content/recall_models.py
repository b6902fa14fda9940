"""Recalls: what was taken back from customers, why, and how many had seen it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel


class Recall(TenantModel):
    """One act that took a revision of an item back everywhere. Never changed, never deleted.

    `live_from` and `live_until` say when customers could meet it; `did` what each step touched, by its name;
    `gathered_at` when it was last asked who had seen it, which a verb alone writes.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    item = models.ForeignKey(
        "content.Item", models.PROTECT, related_name="recalls", verbose_name=_("content item")
    )
    revision_id = models.UUIDField(_("revision"))
    number = models.PositiveIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=60)
    reason = models.CharField(_("reason"), max_length=500)
    person_id = models.UUIDField(_("person"))
    person_name = models.CharField(_("person"), max_length=60)
    at = models.DateTimeField(_("recalled at"))
    live_from = models.DateTimeField(_("live from"))
    live_until = models.DateTimeField(_("live until"))
    did = models.JSONField(_("what the steps did"), default=dict)
    gathered_at = models.DateTimeField(_("counted at"), null=True, editable=False)

    class Meta:
        verbose_name = _("recall")
        verbose_name_plural = _("recalls")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "revision_id"], name="content_recall_is_once"),
        ]

    def __str__(self) -> str:
        return self.title


class Sighting(TenantModel):
    """One customer who met what was recalled while it was live, as events told it when they were gathered last.

    The branch is the home branch at that time. Gathered anew for a week, since phones tell later, and then kept: what
    is asked of a recall years later, the events of its days do not tell any more. Written by verbs alone.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    recall = models.ForeignKey(
        Recall, models.PROTECT, related_name="sightings", verbose_name=_("recall"), db_index=False
    )
    customer_id = models.UUIDField(_("customer"))
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"))
    times = models.PositiveIntegerField(_("times"))
    reads = models.PositiveIntegerField(_("read"))

    class Meta:
        verbose_name = _("sighting")
        verbose_name_plural = _("sightings")
        ordering = ["first_at", "id"]
        indexes = [
            models.Index(fields=["recall", "first_at", "customer_id"], name="content_sighting_of_recall"),
            models.Index(fields=["customer_id"], name="content_sighting_of_customer"),
        ]

    def __str__(self) -> str:
        return str(self.customer_id)
