"""What somebody is told in the admin's inbox."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import Branch


class Notice(models.Model):
    """One line to one person, told once for each `key`.

    It is the person's and no branch's, since one person may act at several: its wall (sql.py) lets the person alone
    read it, from any assignment, and nobody else, not even who wrote it. So what it says is seen without the right to
    its subject: no data of customers, and of the thing no more than its title. `branch` is where the subject lay.
    It has no history and no audit: it tells of a deed that has both.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person_id = models.UUIDField(_("person"))
    # "approvals.waiting:<revision>:<step>": the same key twice is one notice.
    key = models.CharField(_("key"), max_length=160)
    code = models.CharField(_("sentence"), max_length=60)
    args = models.JSONField(_("words"), default=dict)
    subject = models.CharField(_("thing"), max_length=120)  # a reference
    opens = models.CharField(_("leads to"), max_length=120, blank=True)  # a reference: whose page it leads to
    branch = models.ForeignKey(
        Branch,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("branch"),
    )
    at = models.DateTimeField(_("moment"))
    read_at = models.DateTimeField(_("read at"), null=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["person_id", "key"], name="notices_notice_is_told_once"),
        ]
        indexes = [
            models.Index(
                fields=["person_id", "-at", "-id"],
                condition=models.Q(read_at__isnull=True),
                name="notices_notice_unread",
            ),
            models.Index(fields=["person_id", "-at", "-id"], name="notices_notice_of_person"),
            models.Index(
                fields=["key"], condition=models.Q(read_at__isnull=True), name="notices_notice_open_by_key"
            ),
            models.Index(fields=["at"], name="notices_notice_by_age"),
        ]

    def __str__(self) -> str:
        return self.key
