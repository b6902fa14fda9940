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
from community.groups.models import Group, GroupKind, Member

__all__ = [
    "BoardChoice",
    "CheckIn",
    "CheckInPicture",
    "GoalCount",
    "Group",
    "GroupGoal",
    "GroupKind",
    "LiveProgramme",
    "Member",
    "Programme",
    "ProgrammeBudget",
]
