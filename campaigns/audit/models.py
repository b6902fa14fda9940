"""Who did what to which thing. Append-only: nobody may change or delete a row, in the database as well."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel

# Actors "system", "system:rewards.expire_due_coupons" and the like; a semicolon follows a colon.
BY_SYSTEM = models.Q(actor__gte="system", actor__lt="system;")


class Entry(TenantModel):
    """One deed: "王敏 批准了 海报《春节存款》 第3版". Written in the transaction of the change itself.

    `at` is the moment of the scope; the id's own time is that of the writing, which is the same but for seconds in
    service. Partitioned by month on the id (sql.py).
    """

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
        # The page lists by (at, id), and each way to search has its own order of that; all of the operators are
        # leakproof, or the indexes would be of no use under the policies.
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_entry_by_moment"),
            models.Index(fields=["branch_pos", "-at", "-id"], name="audit_entry_by_branch"),
            models.Index(fields=["actor", "-at", "-id"], name="audit_entry_by_actor"),
            models.Index(fields=["subject", "-at", "-id"], name="audit_entry_by_subject"),
            # With what the policy asks, so that many names are looked through without their rows.
            models.Index(
                fields=["subject_name", "-at", "-id"], include=["branch_pos"], name="audit_entry_by_name"
            ),
            models.Index(fields=["-at", "-id"], condition=BY_SYSTEM, name="audit_entry_by_system"),
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
        indexes = [
            models.Index(fields=["kind", "who", "-at"], name="audit_security_of_who"),
            models.Index(fields=["kind", "-id"], name="audit_security_by_kind"),
            models.Index(fields=["who", "-id"], name="audit_security_by_who"),
            models.Index(fields=["address", "-id"], name="audit_security_by_address"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.who}"


class Seal(models.Model):
    """A stretch of the audit closed for good: what was written from `since` to before `until`, within one UTC day.

    The digests are keyed hashes under the installation's key, chained row by row and seal by seal (rules.py), so
    that nobody with rights on the database alone can make them fit other rows. Bank-wide: one chain goes through
    all branches. `*_tags` tell an altered row from its neighbours: 8 bytes a row.
    """

    number = models.BigIntegerField(_("number"), primary_key=True)
    day = models.DateField(_("day"))
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"))
    entry_rows = models.BigIntegerField(_("entries"))
    entry_first = models.UUIDField(_("first entry"), null=True)
    entry_last = models.UUIDField(_("last entry"), null=True)
    entry_digest = models.BinaryField(max_length=32)
    entry_tags = models.BinaryField()
    record_rows = models.BigIntegerField(_("security records"))
    record_first = models.UUIDField(_("first security record"), null=True)
    record_last = models.UUIDField(_("last security record"), null=True)
    record_digest = models.BinaryField(max_length=32)
    record_tags = models.BinaryField()
    previous = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField(_("sealed at"))

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(since__lt=models.F("until")), name="audit_seal_stretch_is_forward"
            ),
        ]
        indexes = [models.Index(fields=["day"], name="audit_seal_of_day")]

    def __str__(self) -> str:
        return f"{self.number} · {self.day}"
