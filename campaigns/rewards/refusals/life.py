"""Every "no" of granting, lists, codes to claim, gifts, locks and extensions. `LIFE_BY_WORD` as BY_WORD: what a word
means to staff who act for a customer, where it is another sentence than the customer reads.
"""

from campaigns.lib.refusals import Refusal
from campaigns.rewards.refusals.coupons import BY_WORD as BY_WORD  # noqa: PLC0414 - told again, longer
from campaigns.rewards.refusals.shares import BudgetClosed, BudgetShort


class ReasonMissing(Refusal):
    code = "rewards.grant.reason_missing"
    status = 422
    zh = "请填写原因，它会写入审计记录。"
    en = "Give a reason: it is kept in the audit."


class CustomerUnknown(Refusal):
    code = "rewards.grant.customer_unknown"
    status = 404
    zh = "没有找到这位客户，或不在您的机构和批次的范围内，或已停用。"
    en = "There is no such active customer within your branches and those of the batch."


class CustomerHasAll(Refusal):
    code = "rewards.grant.limit_reached"
    status = 409
    zh = "该客户已达到这个批次每人可得的数量。"
    en = "This customer has all that one customer may have of this batch."


class ShareIsUsedUp(Refusal):
    code = "rewards.grant.sold_out"
    status = 409
    zh = "客户归属机构的份额已用完，请先向该机构分配额度。"
    en = "The share of the customer's home branch is used up: allot more to it first."


class BatchNotLive(Refusal):
    code = "rewards.grant.batch_not_live"
    status = 409
    zh = "批次尚未审核通过或已下线，不能发放。"
    en = "The batch is not approved or was taken down: nothing can be granted of it."


class ListGone(Refusal):
    code = "rewards.list.gone"
    status = 410
    zh = "名单内容已按期删除，只保留处理结果。请重新上传。"
    en = "The list's content has been deleted in due course; its outcome stays. Upload it again."


class ListTooLarge(Refusal):
    code = "rewards.list.too_large"
    status = 413
    zh = "文件超过 {most} MB，请改用 CSV 或拆成几个文件。"
    en = "The file is larger than {most} MB: use CSV, or split it."


class RuleExists(Refusal):
    code = "rewards.grant_rule.exists"
    status = 409
    zh = "这个批次已有相同来源、事件和产品的发放规则，请修改原有规则。"
    en = "This batch has a rule for the same source, event and product already: change that one."


class RuleUnclear(Refusal):
    code = "rewards.grant_rule.unclear"
    status = 422
    zh = "请选择接口可上报的事件类型，来源为小写字母、数字和连字符，并填写原因。"
    en = "Choose a kind of event that systems may tell, a source of a-z, 0-9 and hyphens, and a reason."


class PatternUnclear(Refusal):
    code = "rewards.code.pattern_unclear"
    status = 422
    zh = "样式由字母、数字、连字符和占位符组成，最长 40 位：# 为数字，A 为字母，* 为数字或字母，至少一个占位符。"
    en = (
        "A pattern is of letters, digits, hyphens and marks, 40 at most: # for a digit, A for a letter, * for either;"
        " at least one mark."
    )


class PatternTooSmall(Refusal):
    code = "rewards.code.pattern_too_small"
    status = 422
    zh = "这个样式只有 {room} 种组合，为防止被猜中，最多生成 {most} 个，已有 {made} 个。请增加占位符。"
    en = "This pattern has {room} codes: at most {most} of them, or they are guessed; {made} are there. Add marks."


class CodesNotAsked(Refusal):
    code = "rewards.code.not_asked"
    status = 409
    zh = "这个批次不使用这种券码，请先在批次中选择并保存。"
    en = "The batch does not use such codes: choose so in the batch and save it first."


class SharedCodeUnclear(Refusal):
    code = "rewards.code.shared_unclear"
    status = 422
    zh = "统一兑换码须为 4 至 40 位字母、数字或连字符。"
    en = "The one code for all has 4 to 40 letters, digits or hyphens."


class TooManyCodes(Refusal):
    code = "rewards.code.too_many"
    status = 422
    zh = "一次可生成 1 至 {most} 个。"
    en = "Between 1 and {most} are made at once."


class CodesGone(Refusal):
    code = "rewards.claim.codes_gone"
    status = 409
    zh = "第三方券码已发完，请稍后再试。"
    en = "No third-party code is left; please try again later."


class ClaimCodeMissing(Refusal):
    code = "rewards.claim.code_missing"
    status = 422
    zh = "领取这张券需要兑换码。"
    en = "A code is needed to claim this coupon."


class ClaimCodeWrong(Refusal):
    code = "rewards.claim.code_wrong"
    status = 409
    zh = "兑换码不正确，请核对后重试。"
    en = "The code is not right: check it and try again."


class ClaimCodeSpent(Refusal):
    code = "rewards.claim.code_spent"
    status = 409
    zh = "这个兑换码已经用过。"
    en = "This code was used already."


class NoCouponHeld(Refusal):
    code = "rewards.list.no_coupon"
    status = 409
    zh = "该客户在这个批次没有可处理的券。"
    en = "This customer holds no coupon of the batch that this could be done with."


class CodeTwice(Refusal):
    code = "rewards.partner_code.twice"
    status = 409
    zh = "这个批次已有相同的券码。"
    en = "The batch has this code already."


class CodeEmpty(Refusal):
    code = "rewards.partner_code.empty"
    status = 422
    zh = "券码为空或超过 120 位。"
    en = "The code is empty, or longer than 120 letters."


class RunIsGone(Refusal):
    code = "rewards.code.run_is_gone"
    status = 410
    zh = "兑换码只能由生成人在 7 天内下载。"
    en = "Codes are taken by who had them made, within 7 days."


class NotToGive(Refusal):
    code = "rewards.gift.not_to_give"
    status = 409
    zh = "这张券不能转赠。"
    en = "This coupon cannot be given to others."


class CodeWasShown(Refusal):
    code = "rewards.gift.code_was_shown"
    status = 409
    zh = "券码已查看，不能再转赠。"
    en = "Its code was looked at: it cannot be given any more."


class GiftGone(Refusal):
    code = "rewards.gift.gone"
    status = 409
    zh = "这份礼物已被领走、撤回或已过期。"
    en = "This gift was taken, taken back, or its time is over."


class OwnGift(Refusal):
    code = "rewards.gift.own"
    status = 409
    zh = "不能领取自己送出的券。"
    en = "You cannot take your own gift."


class CouponWasGiven(Refusal):
    code = "rewards.coupon.given"
    status = 409
    zh = "这张券已转赠他人。"
    en = "This coupon was given to somebody else."


class CouponIsLocked(Refusal):
    code = "rewards.coupon.locked"
    status = 409
    zh = "这张券已被另一笔订单占用，请稍后再试。"
    en = "This coupon is set aside for another order; try again later."


class NotLocked(Refusal):
    code = "rewards.coupon.not_locked"
    status = 409
    zh = "这张券没有被这笔订单占用。"
    en = "This coupon is not set aside for this order."


class NotExtendable(Refusal):
    code = "rewards.coupon.not_extendable"
    status = 409
    zh = "已核销、作废或转赠的券不能延期。"
    en = "A coupon that is redeemed, void or given away is not extended."


class NotLater(Refusal):
    code = "rewards.coupon.not_later"
    status = 422
    zh = "新的到期时间须晚于现在和原来的到期时间。"
    en = "The new end must be later than now and than the end it has."


class ExpiredTooLong(Refusal):
    code = "rewards.coupon.expired_too_long"
    status = 409
    zh = "过期超过 30 天的券不能恢复。"
    en = "What has been expired for more than 30 days does not come back."


BY_WORD |= {
    "codes_gone": CodesGone,
    "claim_code_missing": ClaimCodeMissing,
    "claim_code_wrong": ClaimCodeWrong,
    "claim_code_spent": ClaimCodeSpent,
    "not_to_give": NotToGive,
    "code_was_shown": CodeWasShown,
    "gift_gone": GiftGone,
    "own_gift": OwnGift,
    "given": CouponWasGiven,
    "locked": CouponIsLocked,
    "not_locked": NotLocked,
    "not_extendable": NotExtendable,
    "not_later": NotLater,
    "expired_too_long": ExpiredTooLong,
    "budget_short": BudgetShort,
    "budget_closed": BudgetClosed,
}
LIFE_BY_WORD: dict[str, type[Refusal]] = BY_WORD | {
    "not_found": BatchNotLive,
    "customer_unknown": CustomerUnknown,
    "limit_reached": CustomerHasAll,
    "sold_out": ShareIsUsedUp,
    "no_coupon": NoCouponHeld,
    "code_twice": CodeTwice,
    "code_empty": CodeEmpty,
}
