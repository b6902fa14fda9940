"""The room's pages, one file for each part."""

from campaigns.jobs.admin import due, watch

__all__ = ["due", "watch"]
