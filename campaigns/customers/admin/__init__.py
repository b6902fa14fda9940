"""The room's pages, one file for each part."""

from campaigns.customers.admin import consents, customers

__all__ = ["consents", "customers"]
