"""What content says of coupons."""

from django.utils.translation import get_language, gettext

from campaigns.rewards.models import LiveBatch
from campaigns.rewards.selectors.coupons import sentences_of, zone_of
from campaigns.tenants.scopes import Scope


def coupon_sentence(*, scope: Scope, batch_id: str | None) -> str:
    """The sentence of the coupon as customers read it; empty while nobody can claim it."""
    if not batch_id:
        return ""
    batch = LiveBatch.objects.visible(scope).filter(batch_id=batch_id).first()
    if batch is None:
        return ""
    zh, en = sentences_of(promise=batch, zone=zone_of(scope=scope))
    return zh if (get_language() or "zh").startswith("zh") else en


def sentence_of(*, scope: Scope, batch_id: str | None) -> str:
    """As `coupon_sentence`; for a batch that is not live, that customers do not see it."""
    if not batch_id:
        return ""
    return coupon_sentence(scope=scope, batch_id=batch_id) or gettext(
        "a batch that is not live: customers will not see it yet"
    )
