"""The room's pages, one file for each part."""

from campaigns.customers.admin import attributes, customers, tags

__all__ = ["attributes", "customers", "tags"]
