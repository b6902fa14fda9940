"""What this room adds to the admin, a file for each part."""

from campaigns.jobs.admin import outbox as outbox
