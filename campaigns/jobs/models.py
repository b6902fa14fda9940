"""The room's tables, one file for each part."""

from campaigns.jobs.long_models import Job, JobItem, JobLine  # noqa: F401
