"""The scope of one customer: own rows, own branch and what the branches above it hand down, as fenhang_customer."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from campaigns.tenants.scopes import Scope, opened, system

# The role is entered after the verb has answered, and only if it did: the customers' role may not open scopes.
_OPENING = """
SELECT f.* FROM open_customer_scope(%s::uuid, %s::timestamptz, %s::uuid, %s::jsonb) f
  CROSS JOIN LATERAL set_config('role', CASE WHEN f.customer_id IS NULL THEN 'none' ELSE 'fenhang_customer' END, true)
"""


def customer(*, customer_id: UUID, at: datetime, cause: str = "") -> Scope:
    """The scope of one customer at `at` (UTC). Not opened yet: use `customer_scope`, or `opened(...)`.

    Opening it raises ScopeClosed for an absent, blocked or erased customer.
    """
    scope = Scope(
        kind="customer", at=at, opening=_OPENING, params=(), carry={"customer": str(customer_id)}, cause=cause
    )
    scope.params = (customer_id, at, scope.request_id, scope.context())
    return scope


@contextmanager
def customer_scope(*, customer_id: UUID, at: datetime, cause: str = "") -> Iterator[Scope]:
    """Open the scope described at `customer`."""
    with opened(customer(customer_id=customer_id, at=at, cause=cause)) as scope:
        yield scope


@contextmanager
def on_behalf(scope: Scope) -> Iterator[Scope]:
    """Inside a customer's scope: what only the system may write, for this customer alone. Every query in the block
    names the customer; the audit says whose wish it was.
    """
    with opened(system(at=scope.at, cause=f"customers.customer:{scope.customer_id}")) as inner:
        yield inner
