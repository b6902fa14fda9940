"""The pages of content: library, items, placements."""

from content.admin import assets, items, placements

__all__ = ["assets", "items", "placements"]
