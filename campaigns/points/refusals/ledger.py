"""Every "no" of the ledger. The database's verbs answer with a word; `BY_WORD` finds the class."""

from campaigns.lib.refusals import NotFound, Refusal


class PointsShort(Refusal):
    code = "points.ledger.short"
    status = 409
    zh = "可用积分不足。请减少数量，或等积分入账后再试。"
    en = "Not enough points: use fewer, or wait until more have been earned."


class PointsMissing(Refusal):
    code = "points.ledger.amount_missing"
    status = 422
    zh = "积分数须为大于 0 的整数。"
    en = "Points are a whole number above zero."


class NotReversible(Refusal):
    code = "points.ledger.not_reversible"
    status = 409
    zh = "这类变动不能冲正。入账、调整、消耗可以冲正；冻结请解冻，过期请发放补偿积分。"
    en = (
        "This kind of movement cannot be taken back. What was earned, adjusted or spent can be; a hold is set free, and"
        " lapsed points are made good by an adjustment."
    )


class AlreadyReversed(Refusal):
    code = "points.ledger.already_reversed"
    status = 409
    zh = "这笔变动已经冲正过，不能再次冲正。"
    en = "This movement was taken back already."


class HoldIsSettled(Refusal):
    code = "points.hold.settled"
    status = 409
    zh = "这笔冻结已经处理过（已消耗或已解冻）。"
    en = "This hold is settled already: spent, or set free."


class HoldIsOver(Refusal):
    code = "points.hold.over"
    status = 409
    zh = "这笔冻结已过时限，积分已退回，请重新下单。"
    en = "The time of this hold has passed and its points are free again; please order anew."


class NotOneHousehold(Refusal):
    code = "points.household.not_one"
    status = 409
    zh = "积分只能转给同一家庭的其他成员。请先在网点登记家庭关系。"
    en = "Points go to another member of the same household only. A branch registers households."


class NothingToExtend(Refusal):
    code = "points.ledger.nothing_to_extend"
    status = 409
    zh = "没有可以延期的积分：这些积分已用完、已过期，或到期日不早于新的日期。"
    en = "Nothing to extend: these points are used up, have lapsed, or end no earlier than the new day."


BY_WORD: dict[str, type[Refusal]] = {
    "not_found": NotFound,
    "short": PointsShort,
    "not_reversible": NotReversible,
    "reversed": AlreadyReversed,
    "settled": HoldIsSettled,
    "over": HoldIsOver,
    "not_household": NotOneHousehold,
    "nothing": NothingToExtend,
}
