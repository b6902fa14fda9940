"""The tables of this room, as each package declares them."""

from community.groups.models import Group, GroupKind, Member
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

__all__ = ["Group", "GroupKind", "Member"]
__all__ += [
    "Booking",
    "Broadcast",
    "Channel",
    "Comment",
    "LiveSeries",
    "Livestream",
    "QuizAnswer",
    "Showing",
    "Watch",
]
