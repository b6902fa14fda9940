"""The room's pages, one file for each part."""

from campaigns.customers.admin import (
    attributes,
    consent_drafts,
    consents,
    customers,
    exports,
    imports,
    merges,
    tags,
)

__all__ = ["attributes", "consent_drafts", "consents", "customers", "exports", "imports", "merges", "tags"]
