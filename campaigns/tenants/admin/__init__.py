"""Branches, people, assignments and roles in the admin."""

from campaigns.tenants.admin import assignments, branches, people

__all__ = ["assignments", "branches", "people"]
