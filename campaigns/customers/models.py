"""The room's tables, one file for each part."""

from campaigns.customers.attribute_models import Attribute
from campaigns.customers.customer_models import (
    Customer,
    CustomerKey,
    CustomerModel,
    Identity,
    RefreshSession,
)
from campaigns.customers.import_models import CustomerExport, CustomerFile, FileLot
from campaigns.customers.tag_models import Profile, ScoringTerms, StageChange, Tag, TagCategory, Tagging

__all__ = [
    "Attribute",
    "Customer",
    "CustomerExport",
    "CustomerFile",
    "CustomerKey",
    "CustomerModel",
    "FileLot",
    "Identity",
    "Profile",
    "RefreshSession",
    "ScoringTerms",
    "StageChange",
    "Tag",
    "TagCategory",
    "Tagging",
]
