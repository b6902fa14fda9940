"""The room's pages, one file for each part."""

from campaigns.jobs.admin import due, long, outbox, watch

__all__ = ["due", "long", "outbox", "watch"]
