"""Every "no" of coupons. The database's verbs answer with the code's last word; `BY_WORD` finds the class."""

from campaigns.lib.refusals import NotFound, Refusal
from campaigns.rewards.refusals import claims


class WindowIsBackward(Refusal):
    code = "rewards.batch.window_is_backward"
    status = 422
    zh = "领取的结束时间必须晚于开始时间。"
    en = "Claiming must end after it starts."


class AmountsDoNotFit(Refusal):
    code = "rewards.batch.amounts_do_not_fit"
    status = 422
    zh = (
        "减免金额须大于 0，且不超过使用门槛（门槛为 0 表示无门槛）；其他类型须填写自己的内容，"
        "折扣为 1 至 99，不能填写别的类型的内容。"
    )
    en = (
        "The money off must be above zero and at most the order it needs (zero means any order); another kind has its"
        " own amounts, a percentage from 1 to 99, and none of another kind."
    )


class UsableIsUnclear(Refusal):
    code = "rewards.batch.usable_is_unclear"
    status = 422
    zh = "有效期请二选一：填写固定的起止时间，或填写领取后的有效天数。"
    en = "Give either a fixed window or a number of days after the claim."


class DaysAreUnclear(Refusal):
    code = "rewards.batch.days_are_unclear"
    status = 422
    zh = "可用时段须同时填写开始和结束，且不能相同；星期须为周一至周日。"
    en = "Hours need both a beginning and another end; weekdays are Monday to Sunday."


class CirclesDoNotHold(Refusal):
    code = "rewards.batch.circles_do_not_hold"
    status = 422
    zh = "使用地点最多 20 个，每个写明纬度、经度和半径（10 至 100,000 米）。"
    en = "At most 20 places, each with latitude, longitude and a radius from 10 to 100,000 metres."


class LimitsAreUnclear(Refusal):
    code = "rewards.batch.limits_are_unclear"
    status = 422
    zh = "各项限领和注册天数须大于 0，不限请留空。"
    en = "Limits and days since registration are above zero; leave empty for none."


class ChosenElsewhere(Refusal):
    code = "rewards.batch.chosen_elsewhere"
    status = 422
    zh = (
        "所选的机构须是本机构或下级机构，标签须是本机构可用的标签；限定领取机构时，批次须勾选“下级机构可用”。"
    )
    en = (
        "Choose the batch's own branch or branches below it, and tags that are usable here; for customers of chosen"
        " branches the batch must be for the branches below."
    )


class QuotaTooSmall(Refusal):
    code = "rewards.batch.quota_too_small"
    status = 409
    zh = "已向机构分配 {allotted} 张，总量不能小于它。请先收回未领取的额度。"
    en = "{allotted} coupons are allotted to branches already; draw unused ones back before lowering the total."


class PromiseIsClaimed(Refusal):
    code = "rewards.batch.promise_is_claimed"
    status = 409
    zh = "这个批次已有客户领取，券的类型和出资方不能再改。请另建批次。"
    en = "Customers hold coupons of this batch: kind and payer are fixed. Make a new batch."


class CampaignElsewhere(Refusal):
    code = "rewards.batch.campaign_elsewhere"
    status = 422
    zh = "没有找到所选的活动，请选择本机构范围内的活动。"
    en = "The campaign chosen was not found; choose one of your branches."


class AboveQuota(Refusal):
    code = "rewards.stock.above_quota"
    status = 409
    zh = "总量 {quota} 张中只剩 {left} 张可分配，请减少数量或提高总量。"
    en = "Only {left} of {quota} coupons are left to allot: allot fewer or raise the total."


class QuantityIsNotPositive(Refusal):
    code = "rewards.stock.quantity_is_not_positive"
    status = 422
    zh = "数量必须是大于 0 的整数。"
    en = "The quantity must be a whole number above zero."


class UnusedTooFew(Refusal):
    code = "rewards.stock.unused_too_few"
    status = 409
    zh = "该机构只剩 {unused} 张未领取，不能收回 {quantity} 张。"
    en = "Only {unused} coupons of this branch are unclaimed; {quantity} cannot be drawn back."


class BranchElsewhere(Refusal):
    code = "rewards.stock.branch_elsewhere"
    status = 422
    zh = "只能分配给批次所属机构或其下级机构；分配给下级时，批次须勾选“下级机构可用”。"
    en = "Allot to the batch's own branch or, when the batch is for the branches below, to one of those."


class NotOpenYet(Refusal):
    code = "rewards.claim.not_open_yet"
    status = 409
    zh = "还没有到领取时间。"
    en = "Claiming has not started yet."


class ClaimIsOver(Refusal):
    code = "rewards.claim.over"
    status = 409
    zh = "领取时间已过。"
    en = "Claiming is over."


class LimitReached(Refusal):
    code = "rewards.claim.limit_reached"
    status = 409
    zh = "您已领完每人可领的数量。"
    en = "You have claimed all you may of this coupon."


class DayLimitReached(Refusal):
    code = "rewards.claim.day_limit_reached"
    status = 409
    zh = "您今天可领的数量已领完，请明天再来。"
    en = "You have claimed all you may today; please come back tomorrow."


class WeekLimitReached(Refusal):
    code = "rewards.claim.week_limit_reached"
    status = 409
    zh = "您本周可领的数量已领完，请下周再来。"
    en = "You have claimed all you may this week; please come back on Monday."


class MonthLimitReached(Refusal):
    code = "rewards.claim.month_limit_reached"
    status = 409
    zh = "您本月可领的数量已领完，请下个月再来。"
    en = "You have claimed all you may this month; please come back next month."


class NotForYou(Refusal):
    code = "rewards.claim.not_for_you"
    status = 409
    zh = "您暂时不能领取这张券。"
    en = "This coupon is not for you to claim."


class SoldOut(Refusal):
    code = "rewards.claim.sold_out"
    status = 409
    zh = "您所在支行的券已领完。"
    en = "Your branch has no more of these coupons."


class CodeUnknown(Refusal):
    code = "rewards.coupon.code_unknown"
    status = 404
    zh = "没有这张券，请核对券码。"
    en = "There is no such coupon; check the code."


class AlreadyRedeemed(Refusal):
    code = "rewards.coupon.already_redeemed"
    status = 409
    zh = "这张券已经核销过了。"
    en = "This coupon has been redeemed already."


class CouponIsVoid(Refusal):
    code = "rewards.coupon.void"
    status = 409
    zh = "这张券已作废。"
    en = "This coupon is void."


class CouponExpired(Refusal):
    code = "rewards.coupon.expired"
    status = 409
    zh = "这张券已过期。"
    en = "This coupon has expired."


class NotUsableYet(Refusal):
    code = "rewards.coupon.not_usable_yet"
    status = 409
    zh = "这张券还没有到可用时间。"
    en = "This coupon is not usable yet."


class OrderTooSmall(Refusal):
    code = "rewards.coupon.order_too_small"
    status = 409
    zh = "订单金额未达到这张券的使用门槛。"
    en = "The order is below what this coupon asks for."


class OrderMissing(Refusal):
    code = "rewards.redeem.order_missing"
    status = 422
    zh = "折扣券按订单金额计算优惠，请填写订单金额。"
    en = "What this coupon takes off depends on the order: give its amount."


class NotAtThisHour(Refusal):
    code = "rewards.redeem.not_at_this_hour"
    status = 409
    zh = "现在不在这张券的可用时段内。"
    en = "This coupon cannot be used at this hour."


class NotOnThisDay(Refusal):
    code = "rewards.redeem.not_on_this_day"
    status = 409
    zh = "这张券今天不可用。"
    en = "This coupon cannot be used today."


class NotHere(Refusal):
    code = "rewards.redeem.not_here"
    status = 409
    zh = "这张券不能在本机构使用。"
    en = "This coupon cannot be used at this branch."


class PositionMissing(Refusal):
    code = "rewards.redeem.position_missing"
    status = 422
    zh = "这张券限指定地点附近使用，请允许获取位置后重试。"
    en = "This coupon is good near certain places only: allow the position and try again."


class TooFar(Refusal):
    code = "rewards.redeem.too_far"
    status = 409
    zh = "现在的位置不在这张券的使用范围内。"
    en = "This position is outside of where the coupon can be used."


class TokenSpent(Refusal):
    code = "rewards.redeem_token.spent"
    status = 409
    zh = "这个二维码已经用过，请客户刷新后再出示。"
    en = "This QR code was used already: ask the customer to refresh it."


class TokenInvalid(Refusal):
    code = "rewards.redeem_token.invalid"
    status = 422
    zh = "无法识别这个二维码，请客户刷新后再出示。"
    en = "This QR code is not one of ours: ask the customer to refresh it."


class TokenExpired(Refusal):
    code = "rewards.redeem_token.expired"
    status = 409
    zh = "二维码已过期，请客户刷新后再出示。"
    en = "This QR code has expired: ask the customer to refresh it."


class AlreadyReversed(Refusal):
    code = "rewards.redemption.already_reversed"
    status = 409
    zh = "这笔核销已经冲正过了。"
    en = "This redemption has been reversed already."


class ReversalTooLate(Refusal):
    code = "rewards.redemption.reversal_too_late"
    status = 409
    zh = "只能在核销当天冲正。"
    en = "A redemption can be reversed on its own day only."


class NotVoidable(Refusal):
    code = "rewards.coupon.not_voidable"
    status = 409
    zh = "只有已领取、未核销的券可以作废。"
    en = "Only a claimed coupon that is not redeemed can be voided."


class ClaimsAreStopped(Refusal):
    code = "rewards.claim.stopped"
    status = 409
    zh = "该活动已暂停领取，请留意本行通知。已领取的券不受影响，仍可使用。"
    en = "Claims are paused; please watch for our notice. Coupons you hold already stay good."


class CapReached(Refusal):
    code = "rewards.claim.cap_reached"
    status = 409
    zh = "您所在支行本日或本周的名额已领完，请改日再来。"
    en = "Your branch has handed out all it may today or this week; please come back another day."


BY_WORD: dict[str, type[Refusal]] = {
    **claims.BY_WORD,
    "not_found": NotFound,
    "cap_reached": CapReached,
    "not_open_yet": NotOpenYet,
    "over": ClaimIsOver,
    "limit_reached": LimitReached,
    "not_for_you": NotForYou,
    "day_limit_reached": DayLimitReached,
    "week_limit_reached": WeekLimitReached,
    "month_limit_reached": MonthLimitReached,
    "sold_out": SoldOut,
    "stopped": ClaimsAreStopped,
    "code_unknown": CodeUnknown,
    "already_redeemed": AlreadyRedeemed,
    "void": CouponIsVoid,
    "expired": CouponExpired,
    "not_usable_yet": NotUsableYet,
    "order_too_small": OrderTooSmall,
    "order_missing": OrderMissing,
    "not_at_this_hour": NotAtThisHour,
    "not_on_this_day": NotOnThisDay,
    "not_here": NotHere,
    "position_missing": PositionMissing,
    "too_far": TooFar,
    "token_spent": TokenSpent,
    "already_reversed": AlreadyReversed,
    "too_late": ReversalTooLate,
    "not_voidable": NotVoidable,
}
