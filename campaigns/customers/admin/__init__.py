"""The room's pages, one file for each part."""

from campaigns.customers.admin import customers, imports

__all__ = ["customers", "imports"]
