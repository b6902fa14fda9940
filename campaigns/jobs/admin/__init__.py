"""The room's pages, one file for each part."""

from campaigns.jobs.admin import due, outbox, watch

__all__ = ["due", "outbox", "watch"]
