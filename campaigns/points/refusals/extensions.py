"""Every "no" of extending points by hand."""

from campaigns.lib.refusals import NotFound, Refusal
from campaigns.points.refusals.ledger import NothingToExtend


class ExtensionDays(Refusal):
    code = "points.extension.days"
    status = 422
    zh = "请填写还未过去的到期日期范围，延期后的日期不得早于该范围的最后一天。"
    en = "Give days of lapsing that are not over, and a new day that is no earlier than the last of them."


class ExtensionDecided(Refusal):
    code = "points.extension.decided"
    status = 409
    zh = "这次延期已经处理过，请刷新页面查看结果。"
    en = "This extension was decided already: load the page again to see how."


class ExtensionIsOwn(Refusal):
    code = "points.extension.own"
    status = 403
    zh = "经办人不能复核自己发起的延期，请由其他人复核。"
    en = "Who asked for an extension cannot decide on it: let another person do so."


BY_WORD: dict[str, type[Refusal]] = {
    "not_found": NotFound,
    "nothing": NothingToExtend,
    "days": ExtensionDays,
    "decided": ExtensionDecided,
    "own": ExtensionIsOwn,
}
