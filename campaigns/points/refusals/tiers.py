"""Every "no" of schemes of tiers."""

from campaigns.lib.refusals import Refusal


class TiersMissing(Refusal):
    code = "points.tiers.missing"
    status = 422
    zh = "请填写 2 至 {most} 个等级，最低一级为 0 分。"
    en = "Write two to {most} tiers; the lowest one asks for 0 points."


class TierUnclear(Refusal):
    code = "points.tiers.tier_unclear"
    status = 422
    zh = (
        "等级“{name}”填写有误：代码须以小写字母开头，只含小写字母、数字与下划线，且不重复；名称必填；"
        "倍数为 1 至 10；商城优惠为 0 至 90%；权益每行一条。"
    )
    en = (
        "The tier “{name}” is not clear: its code is of small letters, digits and underscores, and its own; it has"
        " a name, a multiplier of 1 to 10, a discount of 0 to 90 percent and one benefit a line."
    )


class TiersOutOfOrder(Refusal):
    code = "points.tiers.out_of_order"
    status = 422
    zh = "等级“{name}”所需积分须高于前一级，且不超过 {most:,}。请按从低到高填写。"
    en = (
        "The tier “{name}” must ask for more points than the one before it, and at most {most:,}. Begin with the"
        " lowest."
    )


class PeriodUnclear(Refusal):
    code = "points.tiers.period_unclear"
    status = 422
    zh = (
        "滚动计分请填 1 至 60 个月，自然年不填；至少选择一类计入的积分；等级保留 0 至 60 个月；"
        "降级前 7 至 180 天通知。"
    )
    en = (
        "Rolling points are of 1 to 60 months, those of the year have no months; choose points that count; a tier is"
        " kept for 0 to 60 months, with 7 to 180 days of notice before a fall."
    )


class SchemeExists(Refusal):
    code = "points.tiers.exists"
    status = 409
    zh = "本机构已有会员等级方案。请直接修改它；新版本审核通过前，线上版本照常生效。"
    en = "This branch has a scheme of tiers already. Change that one; the live version serves until it is approved."
