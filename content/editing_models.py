"""Who has a draft open to edit it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.tenants.models import TenantModel


class Editing(TenantModel):
    """One person holds a draft from `since` until `until`; the page renews it while it is open.

    It ends by itself: `until` is in the row, and nobody tidies up. `is_noted`: this sitting stands in the audit, so
    that what is saved while somebody types is one line of it and not hundreds.
    """

    item = models.OneToOneField(
        "content.Item",
        models.PROTECT,
        primary_key=True,
        related_name="editing",
        verbose_name=_("content item"),
    )
    person_id = models.UUIDField(_("person"))
    person_name = models.CharField(_("person"), max_length=60)
    since = models.DateTimeField(_("edited since"))
    until = models.DateTimeField(_("edited until"))
    is_noted = models.BooleanField(_("noted"), default=False)

    class Meta:
        verbose_name = _("draft being edited")
        verbose_name_plural = _("drafts being edited")

    def __str__(self) -> str:
        return self.person_name
