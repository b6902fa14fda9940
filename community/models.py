"""The tables of this room, as each package declares them."""

from community.groups.models import Group, GroupKind, Member

__all__ = ["Group", "GroupKind", "Member"]
