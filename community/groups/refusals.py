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
