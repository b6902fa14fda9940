"""Tasks of this room, as each package declares them."""

from community.checkins import tasks as checkins

__all__ = ["checkins"]
