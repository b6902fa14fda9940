"""Why a bulk approval, or an item of it, is refused."""

from campaigns.lib.refusals import Refusal

# How many reviews one bulk approval may hold.
AT_MOST = 5_000


class NothingChosen(Refusal):
    code = "approvals.bulk.nothing_chosen"
    status = 422
    zh = "没有选择任何审核，请先在队列中勾选。"
    en = "Nothing was chosen: tick reviews in the queue first."


class TooManyChosen(Refusal):
    code = "approvals.bulk.too_many"
    status = 422
    zh = "一次最多批量通过{at_most}项，请分批进行。"
    en = "At most {at_most} reviews are approved at once: do it in parts."


class BulkIsOver(Refusal):
    code = "approvals.bulk.is_over"
    status = 409
    zh = "这次批量通过已经结束或停止，您的操作没有生效。"
    en = "This bulk approval is over or stopped already; nothing was done."


class BulkGoesOn(Refusal):
    code = "approvals.bulk.goes_on"
    status = 409
    zh = "这次批量通过没有停止，无需继续。"
    en = "This bulk approval has not stopped: there is nothing to resume."


class ItemFailed(Refusal):
    """A mistake of ours; the log has the whole."""

    code = "approvals.bulk.item_failed"
    status = 409
    zh = "执行这一项时出错，它没有被通过。请在审核页单独处理；若再次出错，请联系系统管理员查看日志。"
    en = "It failed and was not approved. Review it by itself; if that fails too, ask for the log to be read."
