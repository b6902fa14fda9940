"""Who did what to which thing. Append-only: nobody may change or delete a row, in the database as well."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel


class Entry(TenantModel):
    """One deed: "王敏 批准了 海报《春节存款》 第3版". Written in the transaction of the change itself."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField(_("moment"))
    actor = models.CharField(_("actor"), max_length=80)  # a reference: tenants.person:…, customers.customer:…
    actor_name = models.CharField(_("who"), max_length=60, blank=True)
    verb = models.CharField(_("did"), max_length=80)  # "content.item.submit"
    subject = models.CharField(_("thing"), max_length=120)  # a reference: "content.item:0198…"
    subject_name = models.CharField(_("name of the thing"), max_length=200, blank=True)
    detail = models.JSONField(_("detail"), default=dict, blank=True)
    request_id = models.UUIDField(_("request"), null=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject", "-id"], name="audit_entry_of_subject"),
            models.Index(fields=["actor", "-id"], name="audit_entry_of_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.subject_name}"


class SecurityRecord(models.Model):
    """What must outlive a refused request: failed log-ins, forged tokens. Bank-wide, since nobody is known yet."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField(_("moment"))
    kind = models.CharField(_("kind"), max_length=60)  # "login.failed"
    who = models.CharField(_("claimed to be"), max_length=120, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    detail = models.JSONField(_("detail"), default=dict, blank=True)

    class Meta:
        verbose_name = _("security record")
        verbose_name_plural = _("security records")
        ordering = ["-id"]
        indexes = [models.Index(fields=["kind", "who", "-at"], name="audit_security_of_who")]

    def __str__(self) -> str:
        return f"{self.kind} {self.who}"
