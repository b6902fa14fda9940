"""The room's tables, one file for each part."""

from campaigns.customers.consent_models import Birth, Consent, ConsentText, Permission
from campaigns.customers.customer_models import (
    Customer,
    CustomerKey,
    CustomerModel,
    Identity,
    RefreshSession,
)
from campaigns.customers.rights_models import DataExport, Erasure, Tombstone

__all__ = [
    "Birth",
    "Consent",
    "ConsentText",
    "Customer",
    "CustomerKey",
    "CustomerModel",
    "DataExport",
    "Erasure",
    "Identity",
    "Permission",
    "RefreshSession",
    "Tombstone",
]
