"""Every "no" of awards, and why a row of one is refused (`ROWS`, in both languages)."""

from campaigns.customers.refusals import FileRefused
from campaigns.lib.both import Both
from campaigns.lib.refusals import NotFound, Refusal


class AwardNotClear(Refusal):
    code = "points.award.not_clear"
    status = 422
    zh = "请填写标题和原因（至少 4 个字），并选择名单文件或客户标签；按标签发放须填写每人积分（1 至 10 亿的整数）。"
    en = (
        "Give a title and a reason of at least 4 characters, and choose a file or a tag; for a tag say how many points"
        " each gets, a whole number from 1 to a thousand million."
    )


class PointsColumnMissing(FileRefused):
    code = "points.award.points_column_missing"
    zh = "文件里没有积分列。请加一列“积分”，或填写每人相同的积分。"
    en = "The file has no column of points: add one headed “points”, or say how many each gets."


class AwardTooLarge(FileRefused):
    code = "points.award.too_large"
    zh = "一次最多发放 {most} 行，请拆成几个文件。"
    en = "At most {most} rows at once: split the file."


class TagTooLarge(Refusal):
    code = "points.award.tag_too_large"
    status = 422
    zh = "这个标签下的客户超过 {most} 位，请选择更小的标签，或用名单文件分批发放。"
    en = "More than {most} customers have this tag: choose a smaller one, or load files."


class AwardFileGone(Refusal):
    code = "points.award.file_gone"
    status = 410
    zh = "名单内容已按期删除，不能继续检查。请撤回后重新上传。"
    en = "The list's content was deleted in due course and cannot be checked any more: withdraw it and load it again."


class AwardNotJudged(Refusal):
    code = "points.award.not_judged"
    status = 409
    zh = "名单还没有检查完，或已经提交过。请刷新页面查看。"
    en = "Its rows are still being checked, or it was asked for already: load the page again."


class AwardEmpty(Refusal):
    code = "points.award.empty"
    status = 409
    zh = "名单中没有一行可以发放，请按检查结果修改后重新上传。"
    en = "No row of it can be given points: mend the list by what the check says, and load it again."


class AwardDecided(Refusal):
    code = "points.award.decided"
    status = 409
    zh = "这次发放已经处理过，请刷新页面查看结果。"
    en = "This award was decided already: load the page again to see how."


class AwardIsOwn(Refusal):
    code = "points.award.own"
    status = 403
    zh = "经办人不能复核自己发起的发放，请由其他人复核。"
    en = "Who asked for an award cannot decide on it: let another person do so."


class AwardNotPosted(Refusal):
    code = "points.award.not_posted"
    status = 409
    zh = "只有正在入账或已经入账的发放可以整批收回，并且须在名单保存期限内。请刷新页面查看。"
    en = "Only what is being posted or was posted can be taken back as a whole, while its rows are kept."


class AwardStopped(Refusal):
    code = "points.award.stopped"
    status = 409
    zh = "这次发放正在整批收回或已经结束，不再入账。"
    en = "This award is being taken back, or is over: nothing more of it is posted."


BY_WORD: dict[str, type[Refusal]] = {
    "not_found": NotFound,
    "not_judged": AwardNotJudged,
    "empty": AwardEmpty,
    "decided": AwardDecided,
    "own": AwardIsOwn,
    "not_posted": AwardNotPosted,
}

ROWS: dict[str, Both] = {
    "amount": {
        "zh": "积分不是 1 至 10 亿的整数",
        "en": "the points are no whole number from 1 to a thousand million",
    },
    "unknown": {
        "zh": "本机构范围内没有这位客户，请核对完整的客户号或手机号",
        "en": "no customer of your branches: check the whole number",
    },
    "closed": {
        "zh": "客户已停用",
        "en": "the customer is blocked",
    },
    "minor": {
        "zh": "未成年客户不参与积分发放",
        "en": "the customer is under age",
    },
    "twice": {
        "zh": "同一位客户在名单中重复出现，只按第一次发放",
        "en": "the customer stands in the list more than once: the first row counts",
    },
    "gone": {
        "zh": "入账时客户已停用、注销或转出本机构范围",
        "en": "when it was posted the customer was blocked, erased or at home elsewhere",
    },
}
