"""Customers beside the cast."""

from uuid import UUID

from campaigns.customers.models import Customer, CustomerKey, Identity
from campaigns.customers.services.customers import seal_identity
from campaigns.lib import crypto
from campaigns.tenants.scopes import Scope
from tests.support.cast import Cast


def anonymous(
    scope: Scope, cast: Cast, code: str, openid: str, attributes: dict[str, object] | None = None
) -> UUID:
    """Somebody of whom the bank knows a WeChat openid alone."""
    branch = cast.branch[code]
    customer = Customer.objects.create(
        branch=branch,
        branch_pos=branch.pos,
        joined_at=scope.at,
        source="wechat",
        attributes=attributes or {},
    )
    key = crypto.new_key()
    CustomerKey.objects.create(
        customer=customer,
        branch=branch,
        branch_pos=branch.pos,
        wrapped=crypto.wrap_key(key, person=customer.pk),
    )
    sealed = seal_identity(customer_id=customer.pk, key=key, kind="openid", value=openid, app="wx-test")
    Identity.objects.create(
        id=sealed.id,
        customer=customer,
        branch=branch,
        branch_pos=branch.pos,
        kind=sealed.kind,
        app=sealed.app,
        lookup=sealed.lookup,
        value=sealed.value,
        source="wechat",
        linked_at=scope.at,
        verified_at=scope.at,
    )
    return customer.pk
