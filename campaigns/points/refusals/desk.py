"""Every "no" of what staff do with the ledger. The database's verbs answer with a word; `BY_WORD` finds the class."""

from campaigns.lib.refusals import NotFound, Refusal
from campaigns.points.refusals.ledger import PointsShort


class ReasonNotGiven(Refusal):
    code = "points.desk.reason_missing"
    status = 422
    zh = "请填写原因，至少 4 个字，审计会保留。"
    en = "Say why, in at least 4 characters: the audit keeps it."


class CustomerNotKnown(Refusal):
    code = "points.adjustment.customer_unknown"
    status = 422
    zh = "本机构范围内没有这个客户号。请核对完整的客户号。"
    en = "No customer of your branches has this number: check the whole customer number."


class AmountNotClear(Refusal):
    code = "points.adjustment.amount_not_clear"
    status = 422
    zh = "调整的积分须为不等于 0 的整数，增加为正，减少为负，单笔不超过 10 亿。"
    en = (
        "An adjustment is a whole number other than zero, above it to give and below it to take, of a thousand million"
        " at most."
    )


class AdjustmentDecided(Refusal):
    code = "points.adjustment.decided"
    status = 409
    zh = "这笔调整已经处理过，请刷新页面查看结果。"
    en = "This adjustment was decided already: load the page again to see how."


class AdjustmentIsOwn(Refusal):
    code = "points.adjustment.own"
    status = 403
    zh = "经办人不能复核自己发起的调整，请由其他人复核。"
    en = "Who asked for an adjustment cannot decide on it: let another person do so."


class LimitNotClear(Refusal):
    code = "points.adjustlimit.not_clear"
    status = 422
    zh = "单人可调积分须为 0 到 10 亿之间的整数；0 表示每笔都要复核。"
    en = "The limit is a whole number from 0 to a thousand million; 0 has every adjustment decided by a second person."


class LimitOfHeadOffice(Refusal):
    code = "points.adjustlimit.head_office_only"
    status = 403
    zh = "调整限额只能由总行设定。请切换到总行，或联系总行管理员。"
    en = "Limits of adjustments are set at head office: switch to it, or ask its administrator."


class PeriodNotOver(Refusal):
    code = "points.ledgerclose.not_over"
    status = 409
    zh = "这一天（月）还没有结束，不能对账。请选择已经结束的日期。"
    en = "This day or month is not over yet and cannot be closed: choose one that is."


BY_WORD: dict[str, type[Refusal]] = {
    "not_found": NotFound,
    "short": PointsShort,
    "decided": AdjustmentDecided,
    "own": AdjustmentIsOwn,
    "not_head_office": LimitOfHeadOffice,
    "not_over": PeriodNotOver,
}
