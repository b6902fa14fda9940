"""The room's tables, one file for each part."""

from campaigns.jobs.watch_models import Alert, Reading

__all__ = ["Alert", "Reading"]
