"""Pages of check-ins."""

from community.checkins.admin import checkins, programmes

__all__ = ["checkins", "programmes"]
