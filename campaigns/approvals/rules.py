"""Maker and checker: which moves a review allows, what a hash covers, what counts as a change. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from campaigns.approvals.differences import Piece, pieces
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

# How long a reviewer has before the queue shows a revision in red.
DUE_AFTER = timedelta(days=1)


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


class NothingIsLive(Refusal):
    code = "approvals.revision.nothing_is_live"
    status = 409
    zh = "它目前没有上线，无需下线。"
    en = "It is not live, so there is nothing to take down."


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


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a review: `people` persons, none of them the maker, whose role has `verb`."""

    verb: str
    people: int = 1


def steps_for(revision: Any) -> tuple[Step, ...]:
    """The steps that this revision needs, in order. One for all, until a bank's policies say otherwise."""
    return (Step("approvals.revision.decide"),)


def is_through(*, steps: Sequence[Step], approvers: Sequence[UUID]) -> bool:
    """Whether these distinct approvers complete all steps."""
    return len(set(approvers)) >= sum(step.people for step in steps)


def may_move(*, state: str, to: str) -> bool:
    """Whether a revision may go from `state` to `to`."""
    return to in MOVES[state]


def due_at(*, submitted_at: datetime) -> datetime:
    """By when a review should be over."""
    return submitted_at + DUE_AFTER


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
