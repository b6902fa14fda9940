"""Every "no" of granting, lists, codes to claim, gifts, locks and extensions. `LIFE_BY_WORD` as BY_WORD: what a word
means to staff who act for a customer, where it is another sentence than the customer reads.
"""

from campaigns.lib.refusals import Refusal
from campaigns.rewards.refusals import BY_WORD


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


LIFE_BY_WORD: dict[str, type[Refusal]] = BY_WORD | {
    "not_found": BatchNotLive,
    "customer_unknown": CustomerUnknown,
    "limit_reached": CustomerHasAll,
    "sold_out": ShareIsUsedUp,
}
