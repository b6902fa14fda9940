"""What this package says no with."""

from campaigns.lib.refusals import Refusal


class GroupIsWrong(Refusal):
    """Values: `why_zh`, `why_en`."""

    code = "community.group.is_wrong"
    status = 422
    zh = "社群资料有误：{why_zh}"
    en = "The group cannot be kept so: {why_en}"


class GroupIsDissolved(Refusal):
    code = "community.group.is_dissolved"
    status = 409
    zh = "该社群已解散，不能再修改或安排内容。"
    en = "This group is dissolved: it cannot be changed, and nothing can be planned for it."


class GroupIsFull(Refusal):
    code = "community.group.is_full"
    status = 409
    zh = "该社群已满 {capacity} 人，请选择其他社群。"
    en = "This group is full ({capacity} members): choose another."


class MemberIsIn(Refusal):
    code = "community.member.is_in"
    status = 409
    zh = "该客户已在群内。"
    en = "This customer is in the group already."


class OwnerIsElsewhere(Refusal):
    code = "community.group.owner_is_elsewhere"
    status = 422
    zh = "群主不在您的机构范围内，请选择本机构或下级机构的员工。"
    en = "The owner is not within your branches: choose a colleague of your branch or one below it."


class GroupIsOfWeCom(Refusal):
    code = "community.group.is_of_wecom"
    status = 409
    zh = "该社群由企业微信同步：群名、群主、公告与成员请在企业微信中修改，稍后自动同步到这里。"
    en = "This group comes from WeCom: change its name, owner, notice and members there, and it follows here."


class OwnerIsUnknown(Refusal):
    code = "community.chat.owner_is_unknown"
    status = 409
    zh = "群主的企业微信账号 {userid} 还没有对应到员工，请管理员在“企业微信账号”中登记后重新获取。"
    en = "The owner's WeCom user id {userid} is nobody's here: an administrator adds it under WeCom accounts."


class AccountIsTaken(Refusal):
    code = "community.wecomaccount.is_taken"
    status = 409
    zh = "企业微信账号“{userid}”已对应到另一位员工，请核对后再登记。"
    en = "The WeCom user id “{userid}” is another colleague's already: check it."


class AccountIsWrong(Refusal):
    code = "community.wecomaccount.is_wrong"
    status = 422
    zh = "企业微信账号为 1 至 64 位字母、数字或 . _ - @，请核对。"
    en = "A WeCom user id has 1 to 64 letters, digits or . _ - @: check it."


class SyncGoesOn(Refusal):
    code = "community.groupsync.goes_on"
    status = 409
    zh = "正在同步，请等待本次完成。"
    en = "A synchronisation is under way: wait until it is over."


class SyncIsHeadOffices(Refusal):
    code = "community.groupsync.head_office"
    status = 403
    zh = "企业微信同步由总行发起，请切换到总行后操作。"
    en = "The synchronisation with WeCom is head office's: ask for it there."


class WeComNotConfigured(Refusal):
    code = "community.wecom.not_configured"
    status = 409
    zh = "尚未配置企业微信（WECOM_CORP_ID 与 WECOM_CONTACT_SECRET），请联系系统管理员。"
    en = "WeCom is not configured (WECOM_CORP_ID and WECOM_CONTACT_SECRET): ask who runs the installation."


class WeComAway(Refusal):
    code = "community.wecom.away"
    status = 503
    zh = "企业微信没有应答（{why}），稍后自动重试。"
    en = "WeCom did not answer ({why}); it is asked again by itself."


class WeComNotPermitted(Refusal):
    code = "community.wecom.not_permitted"
    status = 403
    zh = "企业微信拒绝访问（{why}）：请在企业微信管理后台检查客户联系的应用权限、可见范围与可信 IP。"
    en = "WeCom does not let us ask ({why}): check the app's right to customer contact, its range and trusted IPs."


class WeComRefused(Refusal):
    code = "community.wecom.refused"
    status = 502
    zh = "企业微信拒绝了请求（{why}），不会自动重试。"
    en = "WeCom refused it ({why}); it is not asked again by itself."


class MembersNotNamed(Refusal):
    code = "community.member.not_named"
    status = 422
    zh = "请粘贴客户号或手机号，或选择一个 CSV / XLSX 文件，每行一位客户，最多 {most} 行。"
    en = "Paste customer numbers or phone numbers, or choose a CSV or XLSX file: a customer a line, {most} at most."


class CodeIsWrong(Refusal):
    """Values: `why_zh`, `why_en`."""

    code = "community.entrycode.is_wrong"
    status = 422
    zh = "活码资料有误：{why_zh}"
    en = "The entry code cannot be kept so: {why_en}"


class CodeIsClosed(Refusal):
    code = "community.entrycode.is_closed"
    status = 409
    zh = "该活码已停用。"
    en = "This entry code is closed."


class GroupIsInCode(Refusal):
    code = "community.entrycode.group_is_in"
    status = 409
    zh = "该社群已在这个活码中。"
    en = "This group stands in the code already."


class CodeIsFull(Refusal):
    code = "community.entrycode.full"
    status = 409
    zh = "群已满或暂未开放，请稍后再来或到网点咨询。"
    en = "All groups are full, or closed at this hour: come again later, or ask at the branch."


class PositionNeeded(Refusal):
    code = "community.entrycode.position_needed"
    status = 422
    zh = "请允许使用位置，以便找到最近的网点。位置只用于本次查找，不会保存。"
    en = "Allow the use of your position to find the nearest branch. It is used for this search alone, and not kept."


class NoneNear(Refusal):
    code = "community.entrycode.none_near"
    status = 404
    zh = "附近没有正在收人的社群，请到网点咨询。"
    en = "No group near you takes members at present: ask at the branch."


class PlaceIsWrong(Refusal):
    code = "community.branchplace.is_wrong"
    status = 422
    zh = "请填写网点的纬度（-90 至 90）与经度（-180 至 180）。"
    en = "Give the latitude (-90 to 90) and the longitude (-180 to 180) of the branch."


class PlaceIsKnown(Refusal):
    code = "community.branchplace.is_known"
    status = 409
    zh = "该机构已有位置，请直接修改。"
    en = "The position of this branch is known: change it."


class CallbackUnsigned(Refusal):
    code = "community.callback.unsigned"
    status = 403
    zh = "签名不正确。"
    en = "The signature is wrong."
