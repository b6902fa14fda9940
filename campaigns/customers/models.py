"""The room's tables, one file for each part."""

from campaigns.customers.care_models import Care, HomeMove
from campaigns.customers.customer_models import (
    Customer,
    CustomerKey,
    CustomerModel,
    Identity,
    RefreshSession,
)
from campaigns.customers.merge_models import Merge, MergeProposal

__all__ = [
    "Care",
    "Customer",
    "CustomerKey",
    "CustomerModel",
    "HomeMove",
    "Identity",
    "Merge",
    "MergeProposal",
    "RefreshSession",
]
