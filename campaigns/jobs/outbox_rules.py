"""The outbox's rules: how long to wait, what a gate lets pass, what may not stand in a body. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from campaigns.lib.clock import FOREVER
from campaigns.lib.refusals import Refusal

# A claimed message is another worker's when this has passed since its own last said that it lives, which it says every
# RENEW while it sends.
LEASE = timedelta(seconds=6)
RENEW = timedelta(seconds=2)
# No call may take longer; a probe at a shut gate counts as lost after twice that.
LONGEST_CALL = timedelta(seconds=15)
# How long a body is kept when the message is over.
KEEP_BODIES = timedelta(days=7)
LONGEST_WAIT = timedelta(minutes=5)

# "strict": a message that cannot be delivered holds up the later ones of its subject until somebody sends it again or
# gives it up, for receivers that rebuild a state from what they are told. "pass": it lets them by, for messages to
# people, each of which stands for itself.
Order = Literal["strict", "pass"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What an adapter keeps to, for each of its accounts. Times in seconds.

    `back_off`: waits between tries; the last one repeats until `tries` are spent. `at_once`: calls of one worker at a
    time. `per_second` and `burst`: messages that may pass, by all workers together; None for no limit. After
    `failures` in a row the gate shuts for `shut_for`, twice as long each time, LONGEST_WAIT at most.
    """

    order: Order = "pass"
    connect: float = 2.0
    read: float = 5.0
    whole: float = 8.0
    tries: int = 8
    back_off: tuple[float, ...] = (5, 15, 60, 300, 900, 3600, 10_800)
    at_once: int = 4
    per_second: float | None = None
    burst: int = 20
    failures: int = 5
    shut_for: float = 10.0


def wait_after(terms: Terms, tries: int) -> timedelta:
    """How long a message waits that was tried so often; `tries` counts from 1."""
    return timedelta(seconds=terms.back_off[min(tries, len(terms.back_off)) - 1])


# --- gates ---


@dataclass(frozen=True, slots=True)
class GateState:
    """What decides of a gate (models.Gate has the meanings)."""

    failures: int = 0
    times: int = 0
    shut_until: datetime | None = None
    shut_by: str = ""
    probe_until: datetime | None = None
    tokens: float = 0.0
    refilled_at: datetime | None = None

    @property
    def is_plain(self) -> bool:
        """Never failed and not shut: nothing to write when all goes well."""
        return not self.failures and not self.times and self.shut_until is None


def let_pass(gate: GateState, terms: Terms, wanted: int, at: datetime) -> int:
    """How many of `wanted` messages may pass at `at`."""
    if gate.shut_until is not None:
        if at < gate.shut_until or (gate.probe_until is not None and at < gate.probe_until):
            return 0
        # The receiver's own wait is over, and nothing else speaks against it.
        if gate.shut_by != "receiver":
            wanted = min(wanted, 1)
    if terms.per_second is None:
        return wanted
    return min(wanted, int(_tokens(gate, terms, at)))


def passed(gate: GateState, terms: Terms, many: int, at: datetime) -> GateState:
    """The gate after `many` messages were let pass; the first after a shutting is the probe."""
    if gate.shut_until is not None and gate.shut_by != "receiver" and many:
        gate = replace(gate, probe_until=at + 2 * LONGEST_CALL)
    if terms.per_second is None:
        return gate
    refilled = at if gate.refilled_at is None else max(at, gate.refilled_at)
    return replace(gate, tokens=max(0.0, _tokens(gate, terms, at) - many), refilled_at=refilled)


def _tokens(gate: GateState, terms: Terms, at: datetime) -> float:
    if terms.per_second is None or gate.refilled_at is None:
        return float(terms.burst)
    # Clocks of several machines differ: one behind adds nothing.
    gone = max(0.0, (at - gate.refilled_at).total_seconds())
    return min(float(terms.burst), gate.tokens + gone * terms.per_second)


def after_success(gate: GateState) -> GateState:
    """A message came through: the account answers again. What staff shut stays shut."""
    if gate.shut_by == "staff":
        return replace(gate, failures=0, times=0)
    return replace(gate, failures=0, times=0, shut_until=None, shut_by="", probe_until=None)


def after_failure(gate: GateState, terms: Terms, at: datetime) -> GateState:
    """No answer, or a broken one. A probe's failure shuts again at once, for longer."""
    if gate.shut_by == "staff":
        return gate
    gate = replace(gate, failures=gate.failures + 1)
    is_shut_now = gate.shut_until is not None and at < gate.shut_until
    if is_shut_now or (gate.failures < terms.failures and gate.probe_until is None):
        return gate
    wait = min(timedelta(seconds=terms.shut_for * 2 ** min(gate.times, 16)), LONGEST_WAIT)
    return replace(gate, times=gate.times + 1, shut_until=at + wait, shut_by="breaker", probe_until=None)


def after_wait_asked(gate: GateState, wait: timedelta, at: datetime) -> GateState:
    """The receiver said how long to leave it alone; nothing has failed."""
    if gate.shut_by == "staff" or (gate.shut_until is not None and gate.shut_until > at + wait):
        return gate
    return replace(gate, shut_until=at + wait, shut_by="receiver", probe_until=None)


def shut_by_staff(gate: GateState) -> GateState:
    """Nothing passes until somebody opens it."""
    return replace(gate, shut_until=FOREVER, shut_by="staff", probe_until=None)


def opened_by_staff(gate: GateState) -> GateState:
    """As if nothing had ever failed; the rate stays."""
    return replace(gate, failures=0, times=0, shut_until=None, shut_by="", probe_until=None)


# --- bodies ---

# Mainland mobile numbers, and identity numbers of 18 places, that stand by themselves.
_NUMBERS = re.compile(r"(?<![0-9A-Za-z])(1[3-9]\d{9}|[1-9]\d{16}[0-9Xx])(?![0-9A-Za-z])")


def has_personal_number(body: object) -> bool:
    """Does a phone or identity number stand in any text of it?"""
    if isinstance(body, str):
        return _NUMBERS.search(body) is not None
    if isinstance(body, Mapping):
        return any(has_personal_number(each) for each in (*body.keys(), *body.values()))
    if isinstance(body, Iterable):
        return any(has_personal_number(each) for each in body)
    return False


# --- refusals ---


class BodyHasPersonalNumber(Refusal):
    code = "jobs.message.personal_number"
    status = 422
    zh = "待发消息中含有手机号或身份证号，不能写入发件箱。请改用客户引用，由发送环节取得接收地址。"
    en = "The message holds a phone or identity number, which the outbox does not keep: name the customer instead."


class UnknownAdapter(Refusal):
    code = "jobs.message.unknown_adapter"
    status = 422
    zh = "没有名为“{adapter}”的发送通道。"
    en = "There is no adapter called “{adapter}”."


class MessageIsNotDead(Refusal):
    code = "jobs.message.not_dead"
    status = 409
    zh = "只有未送达的消息才能重新发送；这条消息现在不是。请刷新页面。"
    en = "Only a message that could not be delivered is sent again, and this one is not: reload the page."


class MessageIsOver(Refusal):
    code = "jobs.message.over"
    status = 409
    zh = "这条消息已发送、已放弃或正在发送，不能再放弃。请刷新页面。"
    en = "This message is sent, given up or being sent, and can no longer be given up: reload the page."


def words_of(refusal: Refusal) -> dict[str, Any]:
    """A refusal as rows keep it."""
    return {"code": refusal.code, "zh": refusal.detail("zh"), "en": refusal.detail("en")}


# Why a message did not get through, as its row and its gate say it.


class NoAnswer(Refusal):
    code = "jobs.receiver.no_answer"
    status = 409
    zh = "接收方没有应答（{reason}）。"
    en = "The receiver did not answer ({reason})."


class ReceiverFailed(Refusal):
    code = "jobs.receiver.failed"
    status = 409
    zh = "接收方出错（{reason}）。"
    en = "The receiver failed ({reason})."


class AskedToWait(Refusal):
    code = "jobs.receiver.wait"
    status = 429
    zh = "接收方要求 {seconds} 秒后再发（{reason}）。"
    en = "The receiver asked to wait {seconds} seconds ({reason})."


class RefusedForGood(Refusal):
    code = "jobs.receiver.refused"
    status = 422
    zh = "接收方拒收（{reason}）。"
    en = "The receiver refused it ({reason})."


class NoAddressee(Refusal):
    code = "jobs.message.no_addressee"
    status = 422
    zh = "找不到接收人，或接收人此时不可联系。"
    en = "There is nobody to receive it, or not at this moment."


class NotConfigured(Refusal):
    code = "jobs.account.not_configured"
    status = 409
    zh = "账号“{account}”没有配置地址或密钥。"
    en = "The account “{account}” has no address or secret configured."


class SendingFailed(Refusal):
    code = "jobs.message.failed"
    status = 409
    zh = "发送时出现意外错误，详情见日志。"
    en = "Sending it went wrong in a way nobody foresaw: the log has it."


class WorkersLost(Refusal):
    code = "jobs.message.workers_lost"
    status = 409
    zh = "发送过程中断 {tries} 次，已停止尝试。"
    en = "Whoever was sending it was lost {tries} times; it is not tried any more."


class ShutByHand(Refusal):
    code = "jobs.gate.by_hand"
    status = 409
    zh = "{who} 手动关闭。"
    en = "Shut by {who}."
