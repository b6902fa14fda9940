"""The tables of this room, as each package declares them."""

from community.groups.entry_models import BranchPlace, EntryCode, EntryGroup, EntryShows
from community.groups.health_models import GroupHealth, GroupSign, OwnerFigures
from community.groups.models import Group, GroupKind, Member
from community.groups.wecom_models import Chat, GroupSync, WeComAccount
from community.livestreams.models import (
    Booking,
    Broadcast,
    Channel,
    Comment,
    LiveSeries,
    Livestream,
    QuizAnswer,
    Showing,
    Watch,
)
from community.plans.models import LivePlan, Plan, PlanRun, Post

__all__ = [
    "Booking",
    "BranchPlace",
    "Broadcast",
    "Channel",
    "Chat",
    "Comment",
    "EntryCode",
    "EntryGroup",
    "EntryShows",
    "Group",
    "GroupHealth",
    "GroupKind",
    "GroupSign",
    "GroupSync",
    "LivePlan",
    "LiveSeries",
    "Livestream",
    "Member",
    "OwnerFigures",
    "Plan",
    "PlanRun",
    "Post",
    "QuizAnswer",
    "Showing",
    "Watch",
    "WeComAccount",
]
