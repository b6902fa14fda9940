"""How a group is doing, from plain figures; and which codes are nearly full."""

from dataclasses import dataclass
from datetime import datetime

# Days without a sign of life until a group is silent.
SILENT_DAYS = 14
# It loses members when in 30 days more left than joined, and of those who were there so many in a hundred.
LEAVING_PERCENT = 5
# A code's last open group is nearly full at so many in a hundred of its limit.
NEARLY_FULL_PERCENT = 90

HEALTHY, SILENT, LEAVING = "healthy", "silent", "leaving"


@dataclass(frozen=True, slots=True)
class Flow:
    """Members now, and who came and went in the last days."""

    members: int
    joined_7: int
    left_7: int
    joined_30: int
    left_30: int

    @property
    def growth_7(self) -> int:
        return self.joined_7 - self.left_7

    @property
    def growth_30(self) -> int:
        return self.joined_30 - self.left_30


def health_of(*, flow: Flow, silent_days: int) -> str:
    """Losing members comes before silence: it is what somebody can still do something about."""
    before = flow.members - flow.growth_30
    if flow.growth_30 < 0 and flow.left_30 * 100 >= before * LEAVING_PERCENT:
        return LEAVING
    return SILENT if silent_days >= SILENT_DAYS else HEALTHY


def days_between(since: datetime, at: datetime) -> int:
    """Whole days that have passed; never below nought."""
    return max(0, (at - since).days)


def is_nearly_full(*, in_it: int, limit: int) -> bool:
    return in_it * 100 >= limit * NEARLY_FULL_PERCENT
