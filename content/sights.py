"""Who looks at blocks: a customer's phone, or staff at the admin (content/blocks/parts.Sight)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from campaigns.tenants.scopes import Scope
from content.addresses import customer_addresses, staff_addresses
from content.coupons import coupon_sentence
from content.models import LiveItem
from content.selectors import CouponOffer


def offer_out(offer: CouponOffer | None) -> dict[str, Any] | None:
    """A coupon as the phone gets it."""
    if offer is None:
        return None
    return {
        "batch_id": offer.batch_id,
        "sentence": offer.sentence_zh,
        "sentence_en": offer.sentence_en,
        "left": offer.left,
    }


@dataclass(frozen=True, slots=True)
class StaffSight:
    """Draws pages: rich text is HTML, cleaned once more. `through`: the item of a branch above whose pictures it may
    show.
    """

    scope: Scope
    is_page: bool = True
    through: UUID | None = None

    def addresses(self, picture: Mapping[str, Any]) -> dict[str, str]:
        return staff_addresses(scope=self.scope, picture=picture, item_id=self.through)

    def coupon(self, batch_id: str) -> dict[str, Any] | None:
        sentence = coupon_sentence(scope=self.scope, batch_id=batch_id)
        return {"batch_id": batch_id, "sentence": sentence} if sentence else None


@dataclass(frozen=True, slots=True)
class CustomerSight:
    """Answers the API: rich text is nodes. `offers` are those that can be claimed now."""

    scope: Scope
    live: LiveItem
    offers: Mapping[UUID, CouponOffer]
    is_page: bool = False

    def addresses(self, picture: Mapping[str, Any]) -> dict[str, str]:
        return customer_addresses(
            branch_id=self.live.branch_id, at=self.scope.at, item_id=self.live.item_id, picture=picture
        )

    def coupon(self, batch_id: str) -> dict[str, Any] | None:
        return offer_out(self.offers.get(UUID(batch_id)))
