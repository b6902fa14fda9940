"""The room's pages, one file for each part."""

from campaigns.customers.admin import customers, merges

__all__ = ["customers", "merges"]
