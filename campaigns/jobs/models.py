"""The room's tables, one file for each part."""

from campaigns.jobs.outbox_models import AccessToken, Gate, Message  # noqa: F401
