"""Every "no" of merchants and of what is redeemed at their tills."""

from campaigns.lib.refusals import Refusal
from campaigns.rewards.refusals.life import BY_WORD as BY_WORD  # noqa: PLC0414 - told again, longer


class MerchantExists(Refusal):
    code = "rewards.merchant.exists"
    status = 409
    zh = "本机构已有商户号“{code}”，请换一个。"
    en = "This branch has a merchant “{code}” already: choose another code."


class PhoneUnreadable(Refusal):
    code = "rewards.merchant.phone_unreadable"
    status = 422
    zh = "联系电话只能是数字、空格、“-”和“+”，至少 7 位。"
    en = "A phone number has digits, spaces, “-” and “+” only, 7 digits or more."


class AccountUnreadable(Refusal):
    code = "rewards.merchant.account_unreadable"
    status = 422
    zh = "结算账号只能是 8 至 32 位数字，可用空格分隔。"
    en = "A settlement account has 8 to 32 digits; spaces may stand between them."


class ReasonNotGiven(Refusal):
    code = "rewards.merchant.reason_missing"
    status = 422
    zh = "请填写原因。"
    en = "Say why."


class PersonNotCashier(Refusal):
    code = "rewards.cashier.not_a_cashier"
    status = 409
    zh = "请先让管理员给此人“商户收银员”岗位，岗位须在商户所属机构或其下级。"
    en = "Let an administrator make this person a merchant cashier first, at the merchant's branch or below."


class CashierElsewhere(Refusal):
    code = "rewards.cashier.elsewhere"
    status = 409
    zh = "此人已是一家商户的收银员。请先在那家商户结束。"
    en = "This person is a merchant's cashier already: end that first."


class MerchantsMissing(Refusal):
    code = "rewards.batch.merchants_missing"
    status = 422
    zh = "商户承担部分费用的批次须指定可核销的商户，并只能在这些商户核销。"
    en = "Where merchants pay a part, name the merchants: it is redeemed at those alone."


class MerchantUnknown(Refusal):
    code = "rewards.redeem.merchant_unknown"
    status = 404
    zh = "没有找到这家商户，或它不在您的机构范围内。请核对商户号。"
    en = "There is no such merchant within your branches: check its code."


class MerchantIsClosed(Refusal):
    code = "rewards.redeem.merchant_closed"
    status = 409
    zh = "这家商户已停止合作，不能再核销。"
    en = "This merchant takes coupons no more."


class MerchantMissing(Refusal):
    code = "rewards.redeem.merchant_missing"
    status = 422
    zh = "这张券只能在指定商户核销，请填写商户。"
    en = "This coupon is redeemed at certain merchants only: say at which."


class NotAtMerchant(Refusal):
    code = "rewards.redeem.not_at_merchant"
    status = 409
    zh = "这张券不能在这家商户使用。"
    en = "This coupon cannot be used at this merchant."


class NoTill(Refusal):
    code = "rewards.redeem.no_till"
    status = 409
    zh = "您还没有关联商户，不能核销。请联系支行在商户页面添加您为收银员。"
    en = "No merchant has you as its cashier: ask the branch to add you on the merchant's page."


BY_WORD |= {
    "merchant_unknown": MerchantUnknown,
    "merchant_closed": MerchantIsClosed,
    "merchant_missing": MerchantMissing,
    "not_at_merchant": NotAtMerchant,
    "no_till": NoTill,
}
