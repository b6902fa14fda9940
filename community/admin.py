"""Pages of this room, as each package declares them."""

from community.checkins import admin as checkins

__all__ = ["checkins"]
