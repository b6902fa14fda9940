"""The room's pages, one file for each part."""

from campaigns.points.admin import mall

__all__ = ["mall"]
