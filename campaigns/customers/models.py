"""The room's tables, one file for each part."""

from campaigns.customers.attribute_models import Attribute
from campaigns.customers.care_models import Care, HomeMove
from campaigns.customers.customer_models import (
    Customer,
    CustomerKey,
    CustomerModel,
    Identity,
    RefreshSession,
)
from campaigns.customers.tag_models import Profile, ScoringTerms, StageChange, Tag, TagCategory, Tagging

__all__ = [
    "Attribute",
    "Care",
    "Customer",
    "CustomerKey",
    "CustomerModel",
    "HomeMove",
    "Identity",
    "Profile",
    "RefreshSession",
    "ScoringTerms",
    "StageChange",
    "Tag",
    "TagCategory",
    "Tagging",
]
