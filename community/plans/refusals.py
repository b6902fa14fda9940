"""What this package says no with."""

from campaigns.lib.refusals import Refusal


class PlanIsWrong(Refusal):
    """`why_zh` and `why_en` say what is wrong."""

    code = "community.plan.is_wrong"
    status = 422
    zh = "群发计划有误：{why_zh}。请改正后再保存。"
    en = "The plan cannot be kept so: {why_en}. Correct it and save again."


class PartIsLocked(Refusal):
    code = "community.plan.part_is_locked"
    status = 422
    zh = "“{card}”的这一部分由上级统一规定，本机构不能修改。"
    en = "This part of “{card}” is laid down by the branch above, and cannot be changed here."


class PlanIsNotLive(Refusal):
    code = "community.plan.is_not_live"
    status = 409
    zh = "该计划还没有通过审核，不能应用到社群。请先提交审核。"
    en = "This plan has not been approved: submit it for review before applying it to groups."


class PlanRunsThere(Refusal):
    code = "community.planrun.runs_there"
    status = 409
    zh = "该社群正在执行此计划，无需重复应用。"
    en = "This plan runs in that group already."


class KindDoesNotFit(Refusal):
    code = "community.planrun.kind_does_not_fit"
    status = 409
    zh = "该计划只适用于“{kind}”类社群。"
    en = "This plan is for groups of the kind “{kind}” alone."


class RunIsOver(Refusal):
    code = "community.planrun.is_over"
    status = 409
    zh = "该社群的计划已经结束，不能再暂停、恢复或停止。"
    en = "The plan is over in this group: it cannot be paused, resumed or stopped any more."


class RunDoesNotFit(Refusal):
    code = "community.planrun.does_not_fit"
    status = 409
    zh = "执行中的计划才能暂停，已暂停的才能恢复。请刷新页面查看最新状态。"
    en = "Only what runs is paused, and only what is paused is resumed: reload the page."


class PostIsOver(Refusal):
    code = "community.post.is_over"
    status = 409
    zh = "这条群发已处理：{state}。请刷新任务列表。"
    en = "This post has been dealt with already: {state}. Reload the tasks."


class PostIsStopped(Refusal):
    """`why_zh` and `why_en` say why."""

    code = "community.post.is_stopped"
    status = 409
    zh = "这条群发现在不能发送：{why_zh}。请不要发出，已通知运营人员。"
    en = "This post must not go out now: {why_en}. Do not send it."


class PostIsLate(Refusal):
    code = "community.post.is_late"
    status = 409
    zh = "这条群发已过当天或已进入免打扰时段，不再经企业微信发出。请由群主判断是否手工发送。"
    en = "Its day is over or quiet hours have begun, so WeCom is not asked any more: send it by hand if it still fits."


class ReasonIsMissing(Refusal):
    code = "community.post.reason_is_missing"
    status = 422
    zh = "请说明为什么不发送。"
    en = "Say why it is not sent."


class PostStays(Refusal):
    code = "community.post.stays"
    status = 409
    zh = "只有尚未发送的群发可以改期，且须改到现在以后、14 天以内、免打扰时段以外。"
    en = "Only what has not been sent is moved: to later than now, within 14 days, outside of quiet hours."


class AssigneeIsElsewhere(Refusal):
    code = "community.post.assignee_is_elsewhere"
    status = 422
    zh = "接手人不在您的机构范围内。"
    en = "Who takes over is not within your branches."


class NoGroups(Refusal):
    code = "community.planrun.no_groups"
    status = 422
    zh = "没有符合条件的社群：请调整机构、类型，或检查是否都已在执行此计划。"
    en = "No group fits: choose other branches or kinds, or see whether the plan runs in all of them already."
