"""The room's pages, one file for each part."""

from campaigns.jobs.admin import long  # noqa: F401
