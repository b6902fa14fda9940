"""The room's tables, one file for each part."""

from campaigns.jobs.due_models import Due  # noqa: F401
from campaigns.jobs.recurring_models import Recurring  # noqa: F401
