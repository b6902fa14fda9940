"""What this room adds to the admin."""

from campaigns.access.admin import log_ins as log_ins
