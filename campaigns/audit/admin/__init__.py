"""The audit in the admin: to be read and never written here."""

from campaigns.audit.admin import entries, records

__all__ = ["entries", "records"]
