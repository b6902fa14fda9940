"""The pages of content: library, items, placements, categories, recalls."""

from content.admin import assets, categories, items, placements, recalls

__all__ = ["assets", "categories", "items", "placements", "recalls"]
