"""Pages of this room, as each package declares them."""

from community.groups import admin as groups

__all__ = ["groups"]
