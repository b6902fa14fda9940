"""Tasks of this room, as each package declares them."""

from community.checkins import tasks as checkins
from community.groups import tasks as groups
from community.plans import tasks as plans

__all__ = ["checkins", "groups", "plans"]
