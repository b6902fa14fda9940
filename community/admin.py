"""Where Django looks for the pages of this room's packages."""

from community.plans import admin as plans

__all__ = ["plans"]
