"""The card of one customer: who it is now, masked, and who looks after them."""

from dataclasses import dataclass
from uuid import UUID

from campaigns.customers.care_selectors import managers_of
from campaigns.customers.merge_selectors import current_id
from campaigns.customers.models import Customer, Identity
from campaigns.customers.selectors import customers_within, masked_identities
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope


@dataclass(frozen=True, slots=True)
class Card:
    """`known_by`: each identity that is not revoked, with its masked text."""

    customer: Customer
    manager: str
    known_by: list[tuple[Identity, str]]


def card_of(*, scope: Scope, customer_id: UUID) -> Card:
    """Who is this customer? One who was merged is who was kept. Raises NotFound."""
    current = current_id(customer_id)
    customer = customers_within(scope=scope).filter(pk=current).select_related("branch").first()
    if customer is None:
        raise NotFound
    known_by = masked_identities(scope=scope, customer_id=current)
    return Card(
        customer,
        managers_of(scope=scope, customer_ids=[current]).get(current, ""),
        [(row, text) for row, text in known_by if row.state != Identity.State.REVOKED],
    )
