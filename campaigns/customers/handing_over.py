"""Customers when their home branch closes."""

from django.db.models import QuerySet

from campaigns.customers.models import Customer
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope


def hand_over_customers(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """The successor is their home from now on; keys, identities and sessions follow the customer.

    What they claimed stays where it was claimed: a coupon's branch is the home at that moment.
    """
    return (
        Customer.objects.within(scope)
        .filter(branch=closed)
        .update(branch=successor, branch_pos=successor.pos)
    )


def customers_at_home(*, scope: Scope) -> QuerySet[Customer]:
    """Whom a file that closes their home branch would leave without one."""
    return Customer.objects.within(scope)
