"""How long is kept what events came to: as long as anybody may tell the event once more, and no longer."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from campaigns.customers.retention import register_retention
from campaigns.events.registry import longest_kept, months_before
from campaigns.points.services.earnings import let_go_of_earnings
from campaigns.tenants.scopes import Scope

EARNINGS = "points.earnings"


def let_go_of_old_earnings(scope: Scope, before: datetime, limit: int) -> int:
    """Never what an event could still be told for again: the row is what keeps it from earning twice."""
    told_for = months_before(scope.at, longest_kept() + 1)
    return let_go_of_earnings(scope=scope, before=min(before, told_for), limit=limit)


def register_old_earnings() -> None:
    """Called once, when the room is ready."""
    register_retention(
        EARNINGS,
        label=_("points for events"),
        days=1_900,
        zh="行内系统的事件最长保存 61 个月，期间重报不得重复记积分；之后凭积分账簿即可查证",
        en="events of the bank's systems are kept for up to 61 months, within which one told again must earn nothing;"
        " after that the ledger tells what was given",
        let_go=let_go_of_old_earnings,
    )
