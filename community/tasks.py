"""Tasks of this room, as each package declares them."""

from community.groups import tasks as groups
from community.plans import tasks as plans

__all__ = ["groups", "plans"]
