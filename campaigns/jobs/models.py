"""The room's tables, one file for each part."""

from campaigns.jobs.due_models import Due  # noqa: F401
from campaigns.jobs.outbox_models import AccessToken, Gate, Message  # noqa: F401
from campaigns.jobs.recurring_models import Recurring  # noqa: F401
