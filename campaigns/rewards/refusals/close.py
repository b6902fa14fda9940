"""Every "no" of closing a day; `BY_WORD` finds the class of a verb's word."""

from campaigns.lib.refusals import NotFound, Refusal


class DayNotOver(Refusal):
    code = "rewards.close.day_not_over"
    status = 409
    zh = "这一天还没有结束，不能对账。请选择今天以前的日期。"
    en = "This day is not over yet and cannot be closed: choose a day before today."


class PeriodTooLong(Refusal):
    code = "rewards.close.period_too_long"
    status = 400
    zh = "期间最短一天、最长 366 天，开始日期不能晚于结束日期。请重新选择日期。"
    en = "A period has 1 to 366 days and ends no earlier than it begins: choose other days."


class NothingMissed(Refusal):
    code = "rewards.close.nothing_missed"
    status = 409
    zh = "所选期间没有漏对账的日子。"
    en = "No day of this period is left to close."


BY_WORD: dict[str, type[Refusal]] = {"not_found": NotFound, "day_not_over": DayNotOver}
