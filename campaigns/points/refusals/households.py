"""Every "no" about households and points passed within them."""

from campaigns.lib.refusals import Refusal
from campaigns.points.refusals.ledger import NotOneHousehold, PointsShort


class InvitationNotGood(Refusal):
    code = "points.household.invitation"
    status = 422
    zh = "邀请码无效、已过期，或就是您自己发出的。请对方重新生成一个。"
    en = "This invitation is not good, is over, or is your own: have the other person make a new one."


class MemberAlready(Refusal):
    code = "points.household.member_already"
    status = 409
    zh = "该客户已在一个家庭中。须先退出，才能加入另一个。"
    en = "This customer belongs to a household already: leave it first, to join another."


class HouseholdFull(Refusal):
    code = "points.household.full"
    status = 409
    zh = "这个家庭已有 {most} 位成员，不能再加入。"
    en = "This household has {most} members already, and takes in nobody else."


class NoMember(Refusal):
    code = "points.household.no_member"
    status = 409
    zh = "您不在任何家庭中。"
    en = "You belong to no household."


class PassedEnough(Refusal):
    code = "points.transfer.day_over"
    status = 409
    zh = "一天最多转赠 {most} 分，今天的额度不够了。"
    en = "At most {most} points are passed on within a day, and this would be more."


class EvidenceNotGiven(Refusal):
    code = "points.household.evidence_missing"
    status = 422
    zh = "请填写客户号，并说明查验了什么证明（至少 4 个字）。"
    en = "Give the customer number, and what was shown for it, in at least 4 characters."


BY_WORD: dict[str, type[Refusal]] = {
    "invitation": InvitationNotGood,
    "member_already": MemberAlready,
    "full": HouseholdFull,
    "not_member": NoMember,
    "not_household": NotOneHousehold,
    "day_over": PassedEnough,
    "short": PointsShort,
}
