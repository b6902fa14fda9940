"""The room's pages, one file for each part."""

from campaigns.customers.admin import attributes, customers, merges, tags

__all__ = ["attributes", "customers", "merges", "tags"]
