"""Every "no" of the mall. The database's verbs answer with a word; `MALL_BY_WORD` finds the class."""

from campaigns.lib.refusals import Refusal
from campaigns.points.refusals.ledger import BY_WORD


class GoodNotOpenYet(Refusal):
    code = "points.good.not_open_yet"
    status = 409
    zh = "这件商品还没有开始兑换，请在开始时间之后再来。"
    en = "Orders of this good have not begun yet; come back after it opens."


class GoodIsOver(Refusal):
    code = "points.good.over"
    status = 409
    zh = "这件商品的兑换已经结束，请看看其他商品。"
    en = "Orders of this good are over; please look at the other goods."


class GoodIsStopped(Refusal):
    code = "points.good.stopped"
    status = 409
    zh = "积分商城暂停兑换，请稍后再试；您的积分没有变动。"
    en = "The points mall is stopped for now; please try later. Your points have not changed."


class PriceChanged(Refusal):
    code = "points.good.price_changed"
    status = 409
    zh = "这件商品的价格刚刚变了，请刷新页面，看过新价格再兑换。"
    en = "The price of this good has just changed: reload the page, and order once you have seen it."


class GoodSoldOut(Refusal):
    code = "points.good.sold_out"
    status = 409
    zh = "这件商品已经兑完；您的积分没有变动。"
    en = "This good is sold out; your points have not changed."


class GoodLimitReached(Refusal):
    code = "points.good.limit_reached"
    status = 409
    zh = "您已经兑换到这件商品的每人上限。"
    en = "You have ordered as many of this good as one customer may."


class GoodCouponGone(Refusal):
    code = "points.good.coupon_gone"
    status = 409
    zh = "这件商品的券现在领不到（已领完、已结束或您已达到上限）；您的积分没有变动。"
    en = (
        "The coupon of this good cannot be had now: gone, over, or you hold as many as you may. Your points have not"
        " changed."
    )


class PlaceUnknown(Refusal):
    code = "points.order.place_unknown"
    status = 422
    zh = "请选择提供自提的网点：填写该商品所属机构或其下级网点的机构号。"
    en = "Choose where to pick it up: the code of the selling branch, or of an open branch below it."


class AddressMissing(Refusal):
    code = "points.order.address_missing"
    status = 422
    zh = "这件商品要邮寄，请填写收件人、电话和地址。"
    en = "This good is delivered: give the receiver's name, phone and address."


class NotToPay(Refusal):
    code = "points.order.not_to_pay"
    status = 409
    zh = "这笔订单不在待付款状态，可能已付款或已取消。"
    en = "This order waits for no money: it is paid or cancelled."


class PayIsOver(Refusal):
    code = "points.order.pay_over"
    status = 409
    zh = "这笔订单已过付款时限，积分已退回；收到的款项请原路退还。"
    en = "The time to pay this order has passed and its points are free again; money that came is to be paid back."


class NotToCancel(Refusal):
    code = "points.order.not_to_cancel"
    status = 409
    zh = "这笔订单已发出、已完成或已取消，不能取消。已发出的请联系网点办理退货。"
    en = "This order was sent, handed over or cancelled and cannot be cancelled. Ask the branch about what was sent."


class OrderCouponUsed(Refusal):
    code = "points.order.coupon_used"
    status = 409
    zh = "这笔订单的券已使用、已转赠或已过期，积分不能退回。"
    en = "The coupon of this order was used, given away or has expired; its points are not given back."


class NotToSend(Refusal):
    code = "points.order.not_to_send"
    status = 409
    zh = "这笔订单现在不能这样处理：邮寄的先发出再签收，自提的付款后交付。"
    en = "Not now: what is delivered is sent and then received, what is picked up is handed over once it is paid."


class GoodTermsUnclear(Refusal):
    code = "points.good.terms_unclear"
    status = 422
    zh = "请检查商品：积分价格和每人上限至少为 1，兑换结束要晚于开始；券类商品须选批次且只收积分，其他商品不选批次。"
    en = (
        "Check the good: price in points and limit are one or more, orders end after they begin; a coupon has its"
        " batch and costs points alone, anything else has no batch."
    )


class StockBelowTaken(Refusal):
    code = "points.good.stock_below_taken"
    status = 409
    zh = "库存总数不能少于已兑换的 {taken} 件。"
    en = "{taken} are ordered already; there cannot be fewer in all."


class ReasonMissing(Refusal):
    code = "points.order.reason_missing"
    status = 422
    zh = "请填写原因，客户和审计都会看到。"
    en = "Say why; the customer and the audit will read it."


MALL_BY_WORD: dict[str, type[Refusal]] = {
    **BY_WORD,
    "not_open_yet": GoodNotOpenYet,
    "over": GoodIsOver,
    "stopped": GoodIsStopped,
    "price_changed": PriceChanged,
    "sold_out": GoodSoldOut,
    "limit_reached": GoodLimitReached,
    "coupon_gone": GoodCouponGone,
    "place_unknown": PlaceUnknown,
    "address_missing": AddressMissing,
    "not_to_pay": NotToPay,
    "pay_over": PayIsOver,
    "not_to_cancel": NotToCancel,
    "coupon_used": OrderCouponUsed,
    "not_to_send": NotToSend,
}
