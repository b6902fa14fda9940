"""The tables of this room, as each package declares them."""

from community.groups.entry_models import BranchPlace, EntryCode, EntryGroup, EntryShows
from community.groups.health_models import GroupHealth, GroupSign, OwnerFigures
from community.groups.models import Group, GroupKind, Member
from community.groups.wecom_models import Chat, GroupSync, WeComAccount

__all__ = [
    "BranchPlace",
    "Chat",
    "EntryCode",
    "EntryGroup",
    "EntryShows",
    "Group",
    "GroupHealth",
    "GroupKind",
    "GroupSign",
    "GroupSync",
    "Member",
    "OwnerFigures",
    "WeComAccount",
]
