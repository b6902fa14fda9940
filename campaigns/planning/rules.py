"""What makes a campaign sound."""

from datetime import datetime

from campaigns.lib.refusals import Refusal


class WindowIsBackward(Refusal):
    code = "planning.campaign.window_is_backward"
    status = 422
    zh = "活动的结束时间必须晚于开始时间。"
    en = "A campaign must end after it starts."


class BudgetIsNegative(Refusal):
    code = "planning.campaign.budget_is_negative"
    status = 422
    zh = "预算不能小于 0。"
    en = "A budget cannot be below zero."


def check_campaign(*, starts_at: datetime, ends_at: datetime, budget_fen: int) -> None:
    """Raise the refusal that forbids these values; budget in fen, window with exclusive end."""
    if ends_at <= starts_at:
        raise WindowIsBackward
    if budget_fen < 0:
        raise BudgetIsNegative
