"""Every "no" of orders that are paid in part with a coupon."""

from campaigns.lib.refusals import Refusal
from campaigns.rewards.refusals import merchants


class OrderUnsigned(Refusal):
    code = "rewards.order.unsigned"
    status = 422
    zh = "订单没有商户或银行系统的有效签名，不能用券。请返回订单页重试。"
    en = "No shop's system vouches for this order: go back to the order and try again."


class OrderStale(Refusal):
    code = "rewards.order.stale"
    status = 409
    zh = "订单签名已超过 {minutes} 分钟，请返回订单页重试。"
    en = "The order was signed more than {minutes} minutes ago: go back to the order and try again."


class OrderPaid(Refusal):
    code = "rewards.order.paid"
    status = 409
    zh = "这笔订单已经用过一张券，每笔订单限用一张。"
    en = "A coupon was used for this order already: one coupon an order."


class OrderCancelled(Refusal):
    code = "rewards.order.cancelled"
    status = 409
    zh = "这笔订单已取消，请重新下单。"
    en = "This order was cancelled: place another."


class BranchUnknown(Refusal):
    code = "rewards.order.branch_unknown"
    status = 404
    zh = "没有找到这个机构，请核对机构号。"
    en = "There is no such branch: check its code."


BY_WORD: dict[str, type[Refusal]] = merchants.BY_WORD | {
    "order_paid": OrderPaid,
    "order_cancelled": OrderCancelled,
    "branch_unknown": BranchUnknown,
}
