"""Branches, people, assignments and roles in the admin."""

from campaigns.tenants.admin import assignments, branches, organisation_files, people

__all__ = ["assignments", "branches", "organisation_files", "people"]
