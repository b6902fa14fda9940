"""What this room adds to the admin."""

from campaigns.access.admin import sessions as sessions
