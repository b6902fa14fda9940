"""Request keys and the answers given under them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.lib.ids import new_id
from campaigns.tenants.models import TenantModel


class RequestKey(TenantModel):
    """One keyed request of one caller, with the answer it got; kept for `rules.KEPT`.

    Written in the transaction of the effect: both stand, or neither. `status` is empty only inside that
    transaction. The answer may name its caller's things, so only the caller reads it (see the migration).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    caller_kind = models.CharField(_("kind of caller"), max_length=10)  # customer, staff
    caller = models.UUIDField(_("caller"))  # the customer's or person's id
    route = models.CharField(_("route"), max_length=120)
    key = models.CharField(_("key"), max_length=128)
    fingerprint = models.BinaryField(_("fingerprint"), max_length=32)
    made_at = models.DateTimeField(_("moment"))
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    headers = models.JSONField(_("headers"), default=dict)
    body = models.BinaryField(_("answer"), null=True)

    class Meta:
        verbose_name = _("request key")
        verbose_name_plural = _("request keys")
        constraints = [
            # Bank-wide, yet no oracle: a caller's id is known to that caller alone.
            models.UniqueConstraint(
                fields=["caller", "route", "key"], name="requests_key_names_one_request_of_its_caller"
            ),
        ]
        indexes = [models.Index(fields=["made_at"], name="requests_key_made_at")]

    def __str__(self) -> str:
        return self.key
