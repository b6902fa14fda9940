"""What livestreams say no with."""

from campaigns.lib.refusals import NotFound, Refusal


class ChannelIsWrong(Refusal):
    """Values: `why_zh`, `why_en`."""

    code = "community.channel.is_wrong"
    status = 422
    zh = "直播渠道有误：{why_zh}"
    en = "The live channel cannot be kept so: {why_en}"


class SeriesIsWrong(Refusal):
    """Values: `why_zh`, `why_en`."""

    code = "community.liveseries.is_wrong"
    status = 422
    zh = "直播系列有误：{why_zh}"
    en = "The series cannot be kept so: {why_en}"


class LivestreamIsWrong(Refusal):
    """Values: `why_zh`, `why_en`."""

    code = "community.livestream.is_wrong"
    status = 422
    zh = "直播资料有误：{why_zh}"
    en = "The livestream cannot be kept so: {why_en}"


class NotChoosable(Refusal):
    """Values: `what_zh`, `what_en`."""

    code = "community.livestream.not_choosable"
    status = 422
    zh = "所选{what_zh}不在您的机构范围内，也没有下发给您，请另选。"
    en = "The {what_en} is not of your branches, and none hands it down: choose another."


class HasBegun(Refusal):
    code = "community.livestream.has_begun"
    status = 409
    zh = "这场直播已经开播或结束，内容不能再修改；需要再办一场请新建。"
    en = "This livestream has begun or is over, so it is not changed any more: make a new one instead."


class TimeIsTaken(Refusal):
    """Values: `who_zh`, `who_en`, `other_zh`, `other_en`."""

    code = "community.livestream.time_is_taken"
    status = 409
    zh = "{who_zh}在这段时间已有{other_zh}，请换个时间、主播或渠道。"
    en = "{who_en} is taken at that time by {other_en}: choose another time, host or channel."


class NotNow(Refusal):
    code = "community.livestream.not_now"
    status = 409
    zh = "这场直播现在是“{state}”，不能这样操作；请刷新页面查看最新状态。"
    en = "The livestream is “{state}” now, so this cannot be done: reload the page."


class TooEarly(Refusal):
    code = "community.livestream.too_early"
    status = 409
    zh = "最早可在计划开始前 {minutes} 分钟开播。"
    en = "It begins {minutes} minutes before its time at the earliest."


class ReasonMissing(Refusal):
    code = "community.livestream.reason_missing"
    status = 422
    zh = "请写明原因。"
    en = "Say why."


class ReplayIsWrong(Refusal):
    code = "community.livestream.replay_is_wrong"
    status = 422
    zh = "回放地址须为公网可访问的 https 地址；留空则由渠道自身回放。"
    en = "The replay needs an https address that everybody reaches; leave it empty where the channel itself replays."


class DropNotOpenable(Refusal):
    code = "community.drop.not_openable"
    status = 409
    zh = "这批券现在不能发放：已下架、已结束，或不向本机构开放。"
    en = "This batch cannot be handed out now: it is taken down, over, or not offered to this branch."


class NotOn(Refusal):
    code = "community.livestream.not_on"
    status = 409
    zh = "直播还没有开始，或已经结束。"
    en = "The livestream has not begun, or is over."


class TooLateToRemind(Refusal):
    code = "community.livestream.too_late_to_remind"
    status = 409
    zh = "这场直播已经开始、结束或取消，不能再预约提醒。"
    en = "This livestream has begun, is over or is cancelled: there is nothing to be reminded of."


class NotWatching(Refusal):
    code = "community.livestream.not_watching"
    status = 409
    zh = "请先进入直播间。"
    en = "Enter the livestream first."


class AnsweredAlready(Refusal):
    code = "community.quiz.answered_already"
    status = 409
    zh = "这道题您已经答过了。"
    en = "You have answered this question already."


class NothingSaid(Refusal):
    code = "community.comment.nothing_said"
    status = 422
    zh = "请输入 1 至 200 个字的评论。"
    en = "Say something, in 200 characters at most."


BY_WORD: dict[str, type[Refusal]] = {
    "not_found": NotFound,
    "not_on": NotOn,
    "not_watching": NotWatching,
    "answered": AnsweredAlready,
}
