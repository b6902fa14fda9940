"""Every "no" of draws. The database's verbs answer with a word; `DRAWS_BY_WORD` finds the class."""

from campaigns.lib.refusals import NotFound, Refusal
from campaigns.points.refusals.ledger import BY_WORD


class DrawNotOpenYet(Refusal):
    code = "points.draw.not_open_yet"
    status = 409
    zh = "抽奖还没有开始，请在开始时间之后再来。"
    en = "The draw has not begun yet; come back after it opens."


class DrawIsOver(Refusal):
    code = "points.draw.over"
    status = 409
    zh = "抽奖已经结束；结果与随机种子稍后公布，请在“我的抽奖”查看是否中奖。"
    en = "The draw is over. Its seed will be shown shortly; what you won is among your tries."


class DrawIsStopped(Refusal):
    code = "points.draw.stopped"
    status = 409
    zh = "抽奖暂停，请稍后再试；您的积分没有变动。"
    en = "The draw is stopped for now; please try later. Your points have not changed."


class DrawPriceChanged(Refusal):
    code = "points.draw.price_changed"
    status = 409
    zh = "每次抽奖所需积分刚刚变了，请刷新页面，看过新规则再抽。"
    en = "The points for a try have just changed: reload the page, and try once you have seen it."


class TriesOfDayUsed(Refusal):
    code = "points.draw.times_day"
    status = 409
    zh = "您今天的抽奖次数已用完，请明天再来。"
    en = "You have used the tries of today; come back tomorrow."


class TriesUsed(Refusal):
    code = "points.draw.times_all"
    status = 409
    zh = "您在本次抽奖的次数已全部用完。"
    en = "You have used all tries that one customer has in this draw."


class DrawTermsUnclear(Refusal):
    code = "points.draw.terms_unclear"
    status = 422
    zh = (
        "请检查抽奖：结束要晚于开始；次数、有效月数填 1 以上或留空；"
        "所需积分和安慰积分不超过 100 万；写明未中奖时显示什么。"
    )
    en = (
        "Check the draw: it ends after it begins; limits and months are one or more, or empty; points are a million at"
        " most; and say what who wins nothing reads."
    )


class PrizeUnclear(Refusal):
    code = "points.draw.prize_unclear"
    status = 422
    zh = (
        "请检查奖品：一个抽奖有 1 至 {most} 种奖品，每种写明名称和大于 0 的中奖率；"
        "积分奖品填积分，券奖品选批次，实物都不填。"
    )
    en = (
        "Check the prizes: a draw has 1 to {most}, each with a name and odds above zero; points say how many, a coupon"
        " names its batch, a thing neither."
    )


class PrizeBatchUnfit(Refusal):
    code = "points.draw.batch_unfit"
    status = 422
    zh = "券奖品请选本机构或下级机构的批次。"
    en = "A coupon to be won is of a batch of this branch, or of one below it."


class OddsTooMany(Refusal):
    code = "points.draw.odds_too_many"
    status = 422
    zh = "各奖品中奖率之和超过 100%（多出 {percent}%），请调低；余下的是未中奖。"
    en = "The odds add up to more than 100% ({percent}% too many): lower them; what is left is the consolation."


class PrizesBelowTaken(Refusal):
    code = "points.draw.stock_below_taken"
    status = 409
    zh = "奖品总数不能少于已抽出的数量。"
    en = "There cannot be fewer of a prize in all than were won already."


class PrizeNotToSend(Refusal):
    code = "points.draw.not_to_send"
    status = 409
    zh = "这件奖品现在不能这样处理：邮寄的先填地址、再发出、再签收，自提的直接交付；已结束的不再变动。"
    en = (
        "Not now: what is delivered has its address, is sent and then received; what is picked up is handed over; what"
        " is done stays."
    )


class PrizeAddressMissing(Refusal):
    code = "points.draw.address_missing"
    status = 409
    zh = "中奖客户还没有填写收件地址，请提醒客户在“我的抽奖”填写。"
    en = "The winner has not said where it goes yet; ask the customer to fill in the address among the tries."


DRAWS_BY_WORD: dict[str, type[Refusal]] = {
    **BY_WORD,
    "not_found": NotFound,
    "not_open_yet": DrawNotOpenYet,
    "over": DrawIsOver,
    "stopped": DrawIsStopped,
    "price_changed": DrawPriceChanged,
    "times_day": TriesOfDayUsed,
    "times_all": TriesUsed,
    "below_taken": PrizesBelowTaken,
    "not_to_send": PrizeNotToSend,
    "address_missing": PrizeAddressMissing,
}
