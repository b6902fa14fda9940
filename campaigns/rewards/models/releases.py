"""When a batch that waits for its release can be claimed."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.rewards.models.batches import Batch
from campaigns.tenants.models import TenantModel


class Release(TenantModel):
    """A batch can be claimed from `released_from` until `released_until` (UTC, exclusive). Written by verbs alone.

    `branch` is whose customers it opens the batch for, with those of the branches below where it is handed down.
    `cause` is the reference of what released it, `slot` which of its releases this is: the same one again moves it as
    long as it has not begun. Claims compare the moments; nothing has to happen when one comes.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    batch = models.ForeignKey(
        Batch, models.PROTECT, related_name="releases", db_index=False, verbose_name=_("coupon batch")
    )
    cause = models.CharField(_("released by"), max_length=120)
    slot = models.UUIDField(_("which release"))
    handed_down = models.BooleanField(_("also for the branches below"))
    released_from = models.DateTimeField(_("released from"))
    released_until = models.DateTimeField(_("released until"))

    class Meta:
        verbose_name = _("release of a batch")
        verbose_name_plural = _("releases of batches")
        ordering = ["released_from", "id"]
        constraints = [
            models.UniqueConstraint(fields=["cause", "slot"], name="rewards_release_is_laid_once"),
            models.CheckConstraint(
                condition=Q(released_from__lte=F("released_until")), name="rewards_release_is_forward"
            ),
        ]
        indexes = [models.Index(fields=["batch", "released_until"], name="rewards_release_of_batch")]

    def __str__(self) -> str:
        return self.cause
