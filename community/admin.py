"""The pages of this room, as each package declares them."""

from community.checkins import admin as checkins
from community.groups import admin as groups
from community.livestreams.admin import channels, livestreams
from community.plans import admin as plans

__all__ = ["channels", "checkins", "groups", "livestreams", "plans"]
