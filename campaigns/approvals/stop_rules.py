"""Emergency stops: what one covers, and how stopping and lifting are refused. Pure."""

from uuid import UUID

from campaigns.lib.refusals import Refusal


class IsStopped(Refusal):
    code = "approvals.revision.is_stopped"
    status = 409
    zh = "已被紧急停用（{reason}），恢复之前不能上线。您的操作没有生效。"
    en = (
        "It is under an emergency stop ({reason}) and cannot go live before that is lifted; nothing was done."
    )


class StoppedAlready(Refusal):
    code = "approvals.stop.stopped_already"
    status = 409
    zh = "同样的范围已经停用，无需重复操作。"
    en = "The same is stopped already."


class KindHasNoCampaign(Refusal):
    code = "approvals.stop.kind_has_no_campaign"
    status = 422
    zh = "这一类内容不属于任何活动，请不选活动，或改选全部类型。"
    en = "Things of this kind belong to no campaign: leave the campaign out, or choose all kinds."


class LiftIsAsked(Refusal):
    code = "approvals.stop.lift_is_asked"
    status = 409
    zh = "{who}已申请恢复，请由另一人确认。"
    en = "{who} has asked to lift it already: another person confirms."


class LiftIsNotAsked(Refusal):
    code = "approvals.stop.lift_is_not_asked"
    status = 409
    zh = "还没有人申请恢复，请先申请，再由另一人确认。"
    en = "Nobody has asked to lift it yet: ask first, then another person confirms."


class AskerIsLifter(Refusal):
    code = "approvals.stop.asker_is_lifter"
    status = 403
    zh = "恢复由您申请，须由另一人确认。"
    en = "You asked to lift it: another person has to confirm."


class IsLifted(Refusal):
    code = "approvals.stop.is_lifted"
    status = 409
    zh = "这次停用已经恢复，您的操作没有生效。"
    en = "This stop is lifted already; nothing was done."


class BranchIsStopped(Refusal):
    code = "approvals.stop.branch_is_stopped"
    status = 409
    zh = "{branch}有尚未恢复的紧急停用，请先恢复，再撤并机构。"
    en = "{branch} has an open emergency stop: lift it before the branch closes."


def covers(*, kind: str, campaign_id: UUID | None, of_kind: str, of_campaign: UUID | None) -> bool:
    """Whether a stop of `kind` and `campaign_id` (empty: any) covers a thing `of_kind` and `of_campaign`.

    The database asks the same of tokens "kind:campaign" (sql_stops.py).
    """
    return kind in ("", of_kind) and campaign_id in (None, of_campaign)
