"""All models of livestreams."""

from community.livestreams.models.plans import Broadcast, Channel, LiveSeries, Livestream, Streams
from community.livestreams.models.showings import Booking, Showing
from community.livestreams.models.viewers import Comment, QuizAnswer, Watch

__all__ = [
    "Booking",
    "Broadcast",
    "Channel",
    "Comment",
    "LiveSeries",
    "Livestream",
    "QuizAnswer",
    "Showing",
    "Streams",
    "Watch",
]
