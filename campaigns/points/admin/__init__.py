"""The room's pages."""

from campaigns.points.admin import rules

__all__ = ["rules"]
