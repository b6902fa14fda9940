"""Every "no" about consent and about one's own rights."""

from campaigns.lib.refusals import Refusal


class NoConsent(Refusal):
    """Why a message was not sent."""

    code = "customers.consent.none"
    status = 409
    zh = "客户没有同意，或已撤回同意，未发送。"
    en = "The customer has not consented, or no longer does: it was not sent."


class NoPlace(Refusal):
    code = "customers.identity.none_of_kind"
    status = 409
    zh = "客户没有该渠道的联系方式，未发送。"
    en = "The customer has no address on this channel: it was not sent."


class TextMissing(Refusal):
    code = "customers.consent.no_text"
    status = 409
    zh = "“{purpose}”还没有生效的授权文本，不能记录同意。"
    en = "There is no valid text for “{purpose}” yet, so nobody can agree to it."


class TextChanged(Refusal):
    """What was shown is no longer what is asked."""

    code = "customers.consent.text_changed"
    status = 409
    zh = "授权文本已更新为第 {version} 版，请重新阅读后再同意。"
    en = "The text is now version {version}: read it again before agreeing."


class PairUnknown(Refusal):
    code = "customers.consent.pair_unknown"
    status = 422
    zh = "没有这样的授权项：用途“{purpose}”、渠道“{channel}”。"
    en = "There is no such consent: purpose “{purpose}”, channel “{channel}”."


class EvidenceMissing(Refusal):
    code = "customers.consent.evidence_missing"
    status = 422
    zh = "代客户记录授权必须填写凭据编号，例如纸质表单号或录音编号。"
    en = "To note a consent for a customer, name its evidence: the number of the form or of the recording."


class SaidLater(Refusal):
    code = "customers.consent.said_later"
    status = 422
    zh = "表示同意的时间不能晚于现在。"
    en = "A consent cannot have been said in the future."


class GuardianNeeded(Refusal):
    code = "customers.consent.guardian_needed"
    status = 403
    zh = "未满十八周岁：此项须由监护人到网点书面同意。"
    en = "Under eighteen: a guardian has to agree to this in writing at a branch."


class TextTooEarly(Refusal):
    code = "customers.consenttext.too_early"
    status = 422
    zh = "生效时间不能早于现在，也不能早于上一版的生效时间。"
    en = "It cannot be valid before now, nor before the version in front of it."


class HeadOfficeOnly(Refusal):
    code = "customers.consenttext.head_office_only"
    status = 403
    zh = "授权文本全行统一，只能由总行发布。"
    en = "Consent texts are the whole bank's: head office alone publishes them."


class AnotherMustApprove(Refusal):
    code = "customers.consenttext.another_must_approve"
    status = 403
    zh = "授权文本须经另一位同事审核通过后发布，请编辑草稿并提交审核。"
    en = "A consent text is published when a colleague approves it: edit the draft and submit it."


class DraftExists(Refusal):
    code = "customers.consentdraft.exists"
    status = 409
    zh = "“{purpose}”已有草稿，请在原草稿上修改。"
    en = "There is a draft for “{purpose}” already: edit that one."


class BirthInvalid(Refusal):
    code = "customers.birth.invalid"
    status = 422
    zh = "出生日期不对：应在 1900 年以后，且不晚于今天。"
    en = "This is no date of birth: it must lie after 1900 and not after today."


class ExportWaits(Refusal):
    code = "customers.export.waits"
    status = 409
    zh = "您已有一份个人信息副本在准备或可下载，请先使用它。"
    en = "A copy of your information is being made or ready already: please use that one."


class ExportGone(Refusal):
    code = "customers.export.gone"
    status = 410
    zh = "这个下载地址已使用过或已过期，请重新获取地址或重新申请。"
    en = "This address was used or has expired: ask for another address, or for another copy."


class ExportNotReady(Refusal):
    code = "customers.export.not_ready"
    status = 409
    zh = "个人信息副本还在准备，请稍后再试。"
    en = "Your copy is still being made: try again a little later."


class ErasureWaits(Refusal):
    code = "customers.erasure.waits"
    status = 409
    zh = "该客户已有待执行的注销申请，将于 {at} 执行。"
    en = "An erasure is waiting already; it will be carried out at {at}."


class ErasureNone(Refusal):
    code = "customers.erasure.none"
    status = 404
    zh = "没有待执行的注销申请。"
    en = "No erasure is waiting."


class StillOpen(Refusal):
    """Something that the law wants settled first."""

    code = "customers.erasure.still_open"
    status = 409
    zh = "暂时不能注销：{reasons}。处理完毕后请重新申请。"
    en = "It cannot be erased yet: {reasons}. Ask again when this is settled."


class ErasedAlready(Refusal):
    code = "customers.erasure.done"
    status = 409
    zh = "该客户的信息已经删除。"
    en = "This customer is erased already."


class ReasonMissing(Refusal):
    code = "customers.erasure.reason_missing"
    status = 422
    zh = "请填写原因。"
    en = "Say why."
