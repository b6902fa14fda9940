"""The room's tables, one file for each part."""

from campaigns.customers.attribute_models import Attribute
from campaigns.customers.care_models import Care, HomeMove
from campaigns.customers.consent_models import Birth, Consent, ConsentDraft, ConsentText, Permission
from campaigns.customers.customer_models import (
    Customer,
    CustomerKey,
    CustomerModel,
    Identity,
    RefreshSession,
)
from campaigns.customers.import_models import CustomerExport, CustomerFile, FileLot
from campaigns.customers.merge_models import Merge, MergeProposal
from campaigns.customers.rights_models import DataExport, Erasure, Tombstone
from campaigns.customers.staff_models import StaffCustomer
from campaigns.customers.tag_models import Profile, ScoringTerms, StageChange, Tag, TagCategory, Tagging

__all__ = [
    "Attribute",
    "Birth",
    "Care",
    "Consent",
    "ConsentDraft",
    "ConsentText",
    "Customer",
    "CustomerExport",
    "CustomerFile",
    "CustomerKey",
    "CustomerModel",
    "DataExport",
    "Erasure",
    "FileLot",
    "HomeMove",
    "Identity",
    "Merge",
    "MergeProposal",
    "Permission",
    "Profile",
    "RefreshSession",
    "ScoringTerms",
    "StaffCustomer",
    "StageChange",
    "Tag",
    "TagCategory",
    "Tagging",
    "Tombstone",
]
