"""The room's tables, one file for each part."""

from campaigns.customers.customer_models import (
    Customer,
    CustomerKey,
    CustomerModel,
    Identity,
    RefreshSession,
)

__all__ = [
    "Customer",
    "CustomerKey",
    "CustomerModel",
    "Identity",
    "RefreshSession",
]
