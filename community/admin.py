"""The pages of this room, as each package declares them."""

from community.groups import admin as groups
from community.livestreams.admin import channels, livestreams

__all__ = ["channels", "groups", "livestreams"]
