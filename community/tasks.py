"""Tasks of this room, as each package declares them."""

from community.groups import tasks as groups

__all__ = ["groups"]
