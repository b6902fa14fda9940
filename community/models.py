"""The tables of this room, as each package declares them."""

from community.checkins.models import (
    BoardChoice,
    CheckIn,
    CheckInPicture,
    GoalCount,
    GroupGoal,
    LiveProgramme,
    Programme,
    ProgrammeBudget,
)
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
    "BoardChoice",
    "Booking",
    "BranchPlace",
    "Broadcast",
    "Channel",
    "Chat",
    "CheckIn",
    "CheckInPicture",
    "Comment",
    "EntryCode",
    "EntryGroup",
    "EntryShows",
    "GoalCount",
    "Group",
    "GroupGoal",
    "GroupHealth",
    "GroupKind",
    "GroupSign",
    "GroupSync",
    "LivePlan",
    "LiveProgramme",
    "LiveSeries",
    "Livestream",
    "Member",
    "OwnerFigures",
    "Plan",
    "PlanRun",
    "Post",
    "Programme",
    "ProgrammeBudget",
    "QuizAnswer",
    "Showing",
    "Watch",
    "WeComAccount",
]
