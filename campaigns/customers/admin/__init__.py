"""The room's pages, one file for each part."""

from campaigns.customers.admin import customers

__all__ = ["customers"]
