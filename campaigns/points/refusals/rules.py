"""Every "no" of rules that give points."""

from campaigns.lib.refusals import Refusal


class EventUnknown(Refusal):
    code = "points.rule.event_unknown"
    status = 422
    zh = "没有这种事件，或它不能由“{source}”报送。请从列表中选择事件；来源只用于行内系统报送的事件。"
    en = (
        "There is no such event, or “{source}” does not tell it. Choose an event of the list;"
        " a source is named only for what systems of the bank tell."
    )


class NotCounted(Refusal):
    code = "points.rule.not_counted"
    status = 422
    zh = "按数额给积分时，请选择该事件带有的数字属性，并填写每多少给一次（大于 0）；否则两项都留空。"
    en = (
        "To give points by an amount, choose a number that the event carries and say for every how much; or"
        " leave both empty."
    )


class GivesNothing(Refusal):
    code = "points.rule.gives_nothing"
    status = 422
    zh = "积分、上限、次数与有效月数须为大于 0 的整数；不限请留空。"
    en = "Points, caps, times and months are whole numbers above zero; leave empty what has no limit."


class BoostsUnclear(Refusal):
    code = "points.rule.boosts_unclear"
    status = 422
    zh = "倍数须为 1% 到 1000%，同一条件只能写一次，最多 {most} 条。"
    en = "Multipliers are 1% to 1000%, each condition once, at most {most} of them."


class WindowUnclear(Refusal):
    code = "points.rule.window_unclear"
    status = 422
    zh = "结束时间须晚于开始时间。"
    en = "The end must be after the beginning."


class WaitsUnclear(Refusal):
    code = "points.rule.waits_unclear"
    status = 422
    zh = "生效要么等若干天，要么等另一种事件，不能同时等；等待的事件须与给积分的事件不同。"
    en = (
        "Points wait for days or for another event, not for both; and the event they wait for is another one."
    )


class ChosenElsewhere(Refusal):
    code = "points.rule.chosen_elsewhere"
    status = 422
    zh = "所选机构须在规则所属机构之下，并勾选“适用于下级机构”；所选标签须在本机构可用。"
    en = (
        "Branches must lie below the rule's own, with “also for the branches below” chosen; tags must mean"
        " something here."
    )
