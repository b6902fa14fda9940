"""The room's tables, one file for each part."""

from campaigns.jobs.due_models import Due
from campaigns.jobs.long_models import Job, JobItem, JobLine
from campaigns.jobs.outbox_models import AccessToken, Gate, Message
from campaigns.jobs.recurring_models import Recurring
from campaigns.jobs.watch_models import Alert, Reading

__all__ = [
    "AccessToken",
    "Alert",
    "Due",
    "Gate",
    "Job",
    "JobItem",
    "JobLine",
    "Message",
    "Reading",
    "Recurring",
]
