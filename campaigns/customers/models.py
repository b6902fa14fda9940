"""The room's tables, one file for each part."""

from campaigns.customers.customer_models import (
    Customer,
    CustomerKey,
    CustomerModel,
    Identity,
    RefreshSession,
)
from campaigns.customers.import_models import CustomerExport, CustomerFile, FileLot

__all__ = [
    "Customer",
    "CustomerExport",
    "CustomerFile",
    "CustomerKey",
    "CustomerModel",
    "FileLot",
    "Identity",
    "RefreshSession",
]
