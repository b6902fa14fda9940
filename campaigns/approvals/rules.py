"""Maker and checker: which moves a review allows, what a hash covers, what counts as a change. Pure."""

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from campaigns.approvals.kinds import Line
from campaigns.lib.refusals import Refusal

# From where to where a revision may move. The database keeps the same table (migration 0002).
MOVES: dict[str, frozenset[str]] = {
    "submitted": frozenset({"approved", "rejected", "sent_back", "withdrawn", "superseded"}),
    "approved": frozenset({"superseded", "taken_down"}),
    "rejected": frozenset(),
    "sent_back": frozenset(),
    "withdrawn": frozenset(),
    "superseded": frozenset(),
    "taken_down": frozenset(),
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


def may_move(*, state: str, to: str) -> bool:
    """Whether a revision may go from `state` to `to`."""
    return to in MOVES[state]


def canonical(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload as plain JSON values, as the database will give it back."""
    plain: dict[str, Any] = orjson.loads(
        orjson.dumps(payload, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
    )
    return plain


def hash_of(*, subject: str, title: str, payload: Mapping[str, Any]) -> str:
    """SHA-256 over the whole closure, as 64 hexadecimal digits. Keys are sorted, so equal things hash equal."""
    whole = {"payload": payload, "subject": subject, "title": title}
    return hashlib.sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a text: the same in both, or only in the old or the new one."""

    how: Literal["same", "removed", "added"]
    text: str


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


def pieces(old: str, new: str) -> tuple[Piece, ...]:
    """The new text with what was removed and added marked, character by character as Chinese needs it."""
    if len(old) + len(new) > 20_000:
        # The comparison is quadratic; a whole rewrite reads better side by side anyway.
        return (*([Piece("removed", old)] if old else []), *([Piece("added", new)] if new else []))
    found: list[Piece] = []
    for how, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if how == "equal":
            found.append(Piece("same", new[c:d]))
            continue
        if b > a:
            found.append(Piece("removed", old[a:b]))
        if d > c:
            found.append(Piece("added", new[c:d]))
    return tuple(found)
