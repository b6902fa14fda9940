"""The room's pages, one file for each part."""

from campaigns.customers.admin import attributes, consents, customers, exports, imports, merges, tags

__all__ = ["attributes", "consents", "customers", "exports", "imports", "merges", "tags"]
