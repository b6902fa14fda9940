"""The room's pages, one file for each part."""

from campaigns.customers.admin import attributes, consents, customers, merges, tags

__all__ = ["attributes", "consents", "customers", "merges", "tags"]
