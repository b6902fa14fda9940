"""The room's pages, one file for each part."""

from campaigns.customers.admin import attributes, customers, exports, imports, tags

__all__ = ["attributes", "customers", "exports", "imports", "tags"]
