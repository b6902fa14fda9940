"""Every "no" of check-ins. The database's verbs answer with a word; `BY_WORD` finds the class."""

from campaigns.lib.refusals import NotFound, Refusal
from campaigns.points.refusals.ledger import PointsShort


class ProgrammeUnclear(Refusal):
    """Values: `why_zh`, `why_en`."""

    code = "community.programme.unclear"
    status = 422
    zh = "打卡活动还不完整：{why_zh}。"
    en = "The programme is not clear yet: {why_en}."


class GroupsUnfit(Refusal):
    code = "community.programme.groups_unfit"
    status = 422
    zh = "有的社群或类型不在您的机构范围内，或已解散、停用，请重新选择。"
    en = "Some groups or kinds are not within your branches, or are dissolved: choose again."


class NoProgramme(Refusal):
    code = "community.checkin.no_programme"
    status = 409
    zh = "该社群目前没有打卡活动。"
    en = "There is nothing to check in for in this group now."


class NotBegun(Refusal):
    code = "community.checkin.not_begun"
    status = 409
    zh = "打卡活动还没有开始，请在开始日期之后再来。"
    en = "The programme has not begun yet: come back when it does."


class IsOver(Refusal):
    code = "community.checkin.over"
    status = 409
    zh = "打卡活动已经结束，谢谢参与。"
    en = "The programme is over: thank you for taking part."


class IsStopped(Refusal):
    code = "community.checkin.stopped"
    status = 409
    zh = "打卡活动暂停，请稍后再来。"
    en = "The programme is stopped for now: please come back later."


class AlreadyDone(Refusal):
    code = "community.checkin.done"
    status = 409
    zh = "这一天已经打过卡了。"
    en = "You have checked in for this day already."


class DayDoesNotCount(Refusal):
    code = "community.checkin.day_off"
    status = 409
    zh = "这一天不在打卡日内，请在打卡日再来。"
    en = "This day does not count: come back on one that does."


class TooEarly(Refusal):
    code = "community.checkin.day_ahead"
    status = 422
    zh = "还没到这一天，请当天再打卡。"
    en = "This day is yet to come: check in when it is there."


class NoMakeups(Refusal):
    code = "community.checkin.no_makeups"
    status = 409
    zh = "本活动不支持补签。"
    en = "Days cannot be made up for in this programme."


class TooFarBack(Refusal):
    code = "community.checkin.too_far_back"
    status = 409
    zh = "这一天已超过可补签的范围；只能补签入群以后、最近几天内的打卡日。"
    en = "This day lies too far back: only recent days since you joined the group can be made up for."


class MakeupsUsed(Refusal):
    code = "community.checkin.makeups_used"
    status = 409
    zh = "补签次数已经用完。"
    en = "You have used all your make-ups."


class WordsMissing(Refusal):
    code = "community.checkin.words_missing"
    status = 422
    zh = "请写几句打卡内容再提交。"
    en = "Write a few words with your check-in."


class PictureMissing(Refusal):
    code = "community.checkin.picture_missing"
    status = 422
    zh = "请附上打卡图片再提交。"
    en = "Add a picture to your check-in."


class AnswerWrong(Refusal):
    code = "community.checkin.answer_wrong"
    status = 409
    zh = "答案不对，请看过群里的内容再答一次。"
    en = "The answer is not right: have another look in the group and try again."


class AnswerMissing(Refusal):
    code = "community.checkin.answer_missing"
    status = 422
    zh = "请选择一个答案再提交。"
    en = "Choose an answer first."


class CodeWrong(Refusal):
    code = "community.checkin.code_wrong"
    status = 409
    zh = "口令不对。口令由群主当天在群里公布，请核对后再试。"
    en = "This is not today's code: it is told in the group by its owner."


class PositionMissing(Refusal):
    code = "community.checkin.position_missing"
    status = 422
    zh = "本活动需要在指定地点打卡，请允许获取位置后再试。"
    en = "This programme asks for your position: allow it and try again."


class TooFar(Refusal):
    code = "community.checkin.too_far"
    status = 409
    zh = "您不在打卡地点附近，请到达后再打卡。"
    en = "You are not near the place yet: check in once you are there."


class PictureNotExpected(Refusal):
    code = "community.checkin.not_a_picture"
    status = 422
    zh = "图片无法读取，请换一张 JPG、PNG 或 WebP 图片（不超过 2 MB）。"
    en = "The picture cannot be read: send a JPEG, PNG or WebP of at most 2 MB."


class AlreadyLooked(Refusal):
    code = "community.checkin.already_looked"
    status = 409
    zh = "这条打卡已经处理过了。"
    en = "This check-in has been dealt with already."


class ReasonNeeded(Refusal):
    code = "community.checkin.reason_needed"
    status = 422
    zh = "请写明不通过的原因，客户会看到。"
    en = "Say why it is refused: the customer reads it."


BY_WORD: dict[str, type[Refusal]] = {
    "not_found": NotFound,
    "no_programme": NoProgramme,
    "not_begun": NotBegun,
    "over": IsOver,
    "stopped": IsStopped,
    "done": AlreadyDone,
    "day_off": DayDoesNotCount,
    "day_ahead": TooEarly,
    "no_makeups": NoMakeups,
    "too_far_back": TooFarBack,
    "makeups_used": MakeupsUsed,
    "words_missing": WordsMissing,
    "picture_missing": PictureMissing,
    "answer_missing": AnswerMissing,
    "answer_wrong": AnswerWrong,
    "code_wrong": CodeWrong,
    "position_missing": PositionMissing,
    "too_far": TooFar,
    "short": PointsShort,
    "looked": AlreadyLooked,
}
