"""The only writers of customers and their identities; many at once are in `imports`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from campaigns.audit.services import record
from campaigns.customers.models import Customer, CustomerKey, Identity
from campaigns.customers.refusals import IdentityTaken
from campaigns.customers.rules import tail_of
from campaigns.customers.selectors import lookup_of, place_of_value
from campaigns.lib import crypto
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branch_in_scope

ONE_OWNER = "customers_identity_belongs_to_one_customer"


@dataclass(frozen=True, slots=True)
class Sealed:
    """An identity as it is stored."""

    id: UUID
    kind: str
    app: str
    lookup: bytes
    value: bytes


def seal_identity(*, customer_id: UUID, key: bytes, kind: str, value: str, app: str = "") -> Sealed:
    """Seal one identity under the customer's unwrapped `key`."""
    identity_id = new_id()
    place = place_of_value(customer_id=customer_id, identity_id=identity_id)
    return Sealed(
        id=identity_id,
        kind=kind,
        app=app,
        lookup=lookup_of(kind=kind, value=value, app=app),
        value=crypto.seal(value, key=key, place=place),
    )


def add_customer(
    *,
    scope: Scope,
    branch_id: int,
    number: str,
    unionid: str = "",
    attributes: Mapping[str, Any] | None = None,
    source: str = "",
) -> Customer:
    """A customer of `branch_id`, known by customer `number` and, if given, by WeChat `unionid`.

    Raises NotFound for a branch outside the scope, IdentityTaken when number or unionid is somebody else's.
    """
    scope.demand("customers.customer.add")
    branch = branch_in_scope(scope=scope, branch_id=branch_id)
    customer = Customer(
        branch=branch,
        branch_pos=branch.pos,
        number_tail=tail_of(number),
        attributes=dict(attributes or {}),
        source=source,
        joined_at=scope.at,
    )
    key = crypto.new_key()
    known_by = [(Identity.Kind.CUSTOMER_NUMBER, number), (Identity.Kind.UNIONID, unionid)]
    try:
        with transaction.atomic():
            customer.save(force_insert=True)
            CustomerKey.objects.create(
                customer=customer,
                branch=branch,
                branch_pos=branch.pos,
                wrapped=crypto.wrap_key(key, person=customer.pk),
            )
            for kind, value in known_by:
                if not value:
                    continue
                sealed = seal_identity(customer_id=customer.pk, key=key, kind=kind, value=value)
                Identity.objects.create(
                    id=sealed.id,
                    customer=customer,
                    branch=branch,
                    branch_pos=branch.pos,
                    kind=kind,
                    lookup=sealed.lookup,
                    value=sealed.value,
                    source=source,
                    verified_at=scope.at,
                )
    except IntegrityError as error:
        if ONE_OWNER in str(error):
            raise IdentityTaken from error
        raise
    record(
        scope=scope,
        verb="customers.customer.add",
        subject=ref("customers.customer", customer.pk),
        subject_name=str(customer),
        branch_id=branch.pk,
        branch_pos=branch.pos,
        source=source,
    )
    return customer
