"""Recalls: what was taken back from customers, why, and how many had seen it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel


class Recall(TenantModel):
    """One act that took a revision of an item back everywhere. Never changed, never deleted.

    `live_from` and `live_until` say when customers could meet it; `did` what each step touched, by its name.
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

    class Meta:
        verbose_name = _("recall")
        verbose_name_plural = _("recalls")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "revision_id"], name="content_recall_is_once"),
        ]

    def __str__(self) -> str:
        return self.title
