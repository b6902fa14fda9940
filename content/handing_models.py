"""What head office hands down for branches to localise, as it was approved, and what branches object to."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel


class Original(TenantModel):
    """One approved revision of an item some parts of which the branches below may change. Written by the database when
    the revision goes live, never changed: local versions are made from it, and stay compared with it.

    `open_parts`: parts of the payload (content/localising.py); `handed_down` is true, for the wall.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    item = models.ForeignKey(
        "content.Item", models.PROTECT, related_name="originals", verbose_name=_("content item")
    )
    revision_id = models.UUIDField(_("revision"))
    number = models.PositiveIntegerField(_("number"))
    sha256 = models.CharField(_("approved fingerprint"), max_length=64)
    title = models.CharField(_("title"), max_length=60)
    payload = models.JSONField(_("payload"))
    open_parts = ArrayField(
        models.CharField(max_length=80), verbose_name=_("open to branches"), default=list, db_default=[]
    )
    handed_down = models.BooleanField(_("also for the branches below"), default=True, db_default=True)
    at = models.DateTimeField(_("live from"))

    class Meta:
        verbose_name = _("original")
        verbose_name_plural = _("originals")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "revision_id"], name="content_original_is_once"),
        ]

    def __str__(self) -> str:
        return self.title


class Objection(TenantModel):
    """Why a branch does not follow a changed original, and what whoever handed it down says to that.

    Agreed: the local version may stay as it is, until the original changes once more.
    """

    class Answer(models.TextChoices):
        AGREED = "agreed", _("agreed")
        DECLINED = "declined", _("not agreed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    item = models.ForeignKey(
        "content.Item", models.PROTECT, related_name="objections", verbose_name=_("local version")
    )
    original = models.ForeignKey(
        Original, models.PROTECT, related_name="objections", verbose_name=_("original")
    )
    words = models.CharField(_("what speaks against it"), max_length=500)
    person_id = models.UUIDField(_("person"))
    person_name = models.CharField(_("person"), max_length=60)
    at = models.DateTimeField(_("raised at"))
    answer = models.CharField(_("answer to it"), max_length=8, choices=Answer, blank=True, default="")
    answer_words = models.CharField(_("words of the answer"), max_length=500, blank=True, default="")
    answered_by = models.CharField(_("answered by"), max_length=60, blank=True, default="")
    answered_at = models.DateTimeField(_("answered at"), null=True)

    class Meta:
        verbose_name = _("objection")
        verbose_name_plural = _("objections")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "item", "original"], name="content_objection_is_once"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None) | Q(answered_at__isnull=False) & ~Q(answer=""),
                name="content_objection_is_answered_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.words
