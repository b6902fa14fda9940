"""Maker and checker: which moves a review allows, what a hash covers, what counts as a change. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from campaigns.approvals.differences import Piece, pieces
from campaigns.approvals.kinds import Line
from campaigns.lib.refusals import Refusal

# From where to where a revision may move. The database keeps the same table (migration 0002).
MOVES: dict[str, frozenset[str]] = {
    "submitted": frozenset({"approved", "scheduled", "rejected", "sent_back", "withdrawn", "superseded"}),
    "scheduled": frozenset({"approved", "superseded", "taken_down", "ended"}),
    "approved": frozenset({"superseded", "taken_down", "ended"}),
    "rejected": frozenset(),
    "sent_back": frozenset(),
    "withdrawn": frozenset(),
    "superseded": frozenset(),
    "taken_down": frozenset(),
    "ended": frozenset(),
}


class NotReady(Refusal):
    code = "approvals.revision.not_ready"
    status = 422
    zh = "还不能提交，请先补全：{missing}。"
    en = "This cannot be submitted yet; still missing: {missing}."


class ReviewIsOpen(Refusal):
    code = "approvals.revision.review_is_open"
    status = 409
    zh = "已有一版正在审核中，请等待结果，或先撤回再提交。"
    en = "A revision is in review already: wait for it, or withdraw it first."


class NothingHasChanged(Refusal):
    code = "approvals.revision.nothing_has_changed"
    status = 409
    zh = "与线上内容完全相同，无需再次提交。"
    en = "This is the same as what is live: there is nothing to review."


class ReviewIsClosed(Refusal):
    code = "approvals.revision.review_is_closed"
    status = 409
    zh = "第{number}版的审核已经结束（{state}），您的操作没有生效。请刷新队列。"
    en = "The review of revision {number} is over ({state}); nothing was done. Refresh the queue."


class RevisionHasChanged(Refusal):
    code = "approvals.revision.has_changed"
    status = 409
    zh = "您看到的内容与提交审核的版本不一致，操作没有生效。请重新打开审核页。"
    en = "What you saw is not what was submitted; nothing was done. Open the review again."


class ScheduledWasChanged(Refusal):
    """What waited for its time is no longer what was approved: somebody has been at the database."""

    code = "approvals.revision.scheduled_was_changed"
    status = 409
    zh = "《{title}》的内容与批准时不一致，未上线。请联系技术人员核查，并重新提交审核。"
    en = "“{title}” is not what was approved, and did not go live. Have it looked into, and submit it again."


class MakerIsChecker(Refusal):
    code = "approvals.revision.maker_is_checker"
    status = 403
    zh = "您是这一版的经办人，不能复核自己提交的内容，请由他人审核。"
    en = "You made this revision: somebody else has to review it."


class NobodyActs(Refusal):
    code = "approvals.revision.nobody_acts"
    status = 403
    zh = "提交和审核都必须由本人操作，系统任务不能代替。"
    en = "Submitting and reviewing need a person; a task of the system cannot do it."


class NotYours(Refusal):
    code = "approvals.revision.not_yours"
    status = 403
    zh = "只有经办人本人可以撤回自己提交的版本。"
    en = "Only the person who submitted a revision may withdraw it."


class WordsAreMissing(Refusal):
    code = "approvals.decision.words_are_missing"
    status = 422
    zh = "请写明原因，方便经办人修改。"
    en = "Say why, so that its maker knows what to do."


class NobodyCanReview(Refusal):
    code = "approvals.step.nobody_can_review"
    status = 409
    zh = "“{step}”这一步目前没有人可以审核，请联系管理员安排审核人后再提交。"
    en = "Nobody can take the step “{step}” now: ask an administrator for a reviewer, then submit again."


class NotYourTurn(Refusal):
    code = "approvals.step.not_your_turn"
    status = 403
    zh = "现在是“{step}”这一步，不由您审核。"
    en = "The review stands at “{step}”, and that step is not yours to sign."


class AlreadySigned(Refusal):
    code = "approvals.step.already_signed"
    status = 409
    zh = "您已在这次审核中签署过，每人只计一次，请由他人继续。"
    en = "You have signed in this review already, and each person counts once: somebody else goes on."


class NoSuchStep(Refusal):
    code = "approvals.step.no_such_step"
    status = 422
    zh = "只能退回到这次审核中已经走过的步骤。"
    en = "A review goes back only to a step that it has passed."


class NotThrough(Refusal):
    code = "approvals.revision.not_through"
    status = 409
    zh = "审核还没有走完，不能上线。"
    en = "Its review is not through: it cannot go live."


class KeeperHasSigned(Refusal):
    code = "approvals.revision.keeper_has_signed"
    status = 409
    zh = "{name}签署之后接手了这一版，他的签署不再有效，请退回到那一步重新审核。"
    en = "{name} signed and then took over this revision, so that signature does not count: send it back to that step."


class CannotSign(Refusal):
    code = "approvals.step.cannot_sign"
    status = 422
    zh = "{name}不能担任这一步的审核人：须在该机构或其上级有审核权限，且不是经办人。"
    en = "{name} cannot sign here: it takes a right to review at this branch or above, and not to be its maker."


class ReferenceHasChanged(Refusal):
    code = "approvals.revision.reference_has_changed"
    status = 409
    zh = "它引用的内容在提交之后变了，操作没有生效。请经办人重新提交。"
    en = "What it refers to has changed since it was submitted; nothing was done. Its maker has to submit it again."


class CannotDelegate(Refusal):
    code = "approvals.delegation.not_possible"
    status = 422
    zh = "不能委派：您须有审核权限，对方须能看到本机构的审核，期限不超过90天。"
    en = "Not possible: you need the right to review, the deputy the right to see these reviews, for 90 days at most."


class TooSoon(Refusal):
    code = "approvals.remind.too_soon"
    status = 429
    zh = "一小时内已经催办过，请稍后再催。"
    en = "A reminder went out within the hour: wait a little."


class NoSuchAct(Refusal):
    code = "approvals.review.no_such_act"
    status = 422
    zh = "没有执行任何操作：请选择一个操作；意见最多2,000字。"
    en = "Nothing was done: choose what to do; words have at most 2,000 characters."


class NobodyChosen(Refusal):
    code = "approvals.review.nobody_chosen"
    status = 422
    zh = "请先选择人员。"
    en = "Choose somebody first."


class NothingIsLive(Refusal):
    code = "approvals.revision.nothing_is_live"
    status = 409
    zh = "它目前没有上线，无需下线。"
    en = "It is not live, so there is nothing to take down."


class NothingIsScheduled(Refusal):
    code = "approvals.revision.nothing_is_scheduled"
    status = 409
    zh = "它没有等待上线的版本，无需取消。"
    en = "No revision of it waits to go live, so there is nothing to cancel."


class IsNotRestored(Refusal):
    code = "approvals.revision.is_not_restored"
    status = 409
    zh = "{kind}不能从旧版本恢复，请手工修改草稿。"
    en = "{kind}: an older revision cannot be restored; edit the draft by hand."


class RefersToNothing(Refusal):
    code = "approvals.revision.refers_to_nothing"
    status = 409
    zh = "不能恢复：这一版引用的{what}已不存在，或不在您的机构范围内。请参照这一版手工修改草稿。"
    en = "It cannot be restored: the {what} it refers to is gone or outside your branches. Edit the draft by hand."


class NotCompliant(Refusal):
    """Values: `findings` lists {check, line, start, end, excerpt, said_zh, said_en}; `said_zh` and `said_en` say the
    first of them in one sentence.
    """

    code = "approvals.revision.not_compliant"
    status = 422
    zh = "合规检查未通过，没有提交：{said_zh}"
    en = "Not submitted, because the compliance check found: {said_en}"


class FindingsAreOpen(Refusal):
    code = "approvals.revision.findings_are_open"
    status = 409
    zh = "还有{count}条合规提示没有确认。请逐条查看并勾选确认后再批准。"
    en = "{count} finding(s) are not acknowledged yet: look at each and acknowledge it before you approve."


class ListTooLong(Refusal):
    code = "approvals.wordlist.too_long"
    status = 422
    zh = "词表超过 {limit} 个字符，请分成几份。"
    en = "The list is longer than {limit} characters: split it into several."


class ListEditedMeanwhile(Refusal):
    code = "approvals.wordlist.edited_meanwhile"
    status = 409
    zh = "您编辑期间，{who}已保存过这份词表。请重新打开后再修改，以免覆盖对方的改动。"
    en = "{who} saved this list while you were editing. Open it again, so that nothing is overwritten."


class ListHasNoTitle(Refusal):
    code = "approvals.wordlist.has_no_title"
    status = 422
    zh = "请填写词表名称。"
    en = "Give the list a title."


def may_move(*, state: str, to: str) -> bool:
    """Whether a revision may go from `state` to `to`."""
    return to in MOVES[state]


def canonical(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload as plain JSON values, as the database will give it back."""
    plain: dict[str, Any] = orjson.loads(
        orjson.dumps(payload, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
    )
    return plain


def whole_of(*, subject: str, title: str, payload: Mapping[str, Any]) -> bytes:
    """The bytes that are hashed: JSON in UTF-8, without blanks. Keys are sorted, so equal things hash equal."""
    whole = {"payload": payload, "subject": subject, "title": title}
    return orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)


def hash_of(*, subject: str, title: str, payload: Mapping[str, Any]) -> str:
    """SHA-256 over the whole closure, as 64 hexadecimal digits."""
    return hashlib.sha256(whole_of(subject=subject, title=title, payload=payload)).hexdigest()


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a description, old beside new; None where it did not exist."""

    label: str
    old: Line | None
    new: Line | None
    pieces: tuple[Piece, ...]


def changes(*, old: Sequence[Line], new: Sequence[Line]) -> list[Change]:
    """What differs between two descriptions, in the order of the new one; removed lines come last."""
    before = {line.key: line for line in old}
    found = []
    for line in new:
        was = before.pop(line.key, None)
        if was is None or was.value != line.value:
            found.append(Change(line.label, was, line, pieces(was.value if was else "", line.value)))
    found += [Change(line.label, line, None, pieces(line.value, "")) for line in before.values()]
    return found
