"""Every "no" of closing a day; `BY_WORD` finds the class of a verb's word."""

from campaigns.lib.refusals import NotFound, Refusal


class DayNotOver(Refusal):
    code = "rewards.close.day_not_over"
    status = 409
    zh = "这一天还没有结束，不能对账。请选择今天以前的日期。"
    en = "This day is not over yet and cannot be closed: choose a day before today."


BY_WORD: dict[str, type[Refusal]] = {"not_found": NotFound, "day_not_over": DayNotOver}
