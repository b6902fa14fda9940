"""The room's pages, one file for each part."""

from campaigns.jobs.admin import due  # noqa: F401
