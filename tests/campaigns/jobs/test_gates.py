"""The gate before an account: shut after failures, tried by one, opened by success; and never more than its rate."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from campaigns.audit.models import Entry
from campaigns.jobs.adapters import Adapter, Letter, TryLater, Wait, adapters
from campaigns.jobs.outbox_models import Gate, Message
from campaigns.jobs.outbox_rules import (
    LONGEST_WAIT,
    AskedToWait,
    GateState,
    NoAnswer,
    Terms,
    after_failure,
    after_success,
    let_pass,
    passed,
    wait_after,
)
from campaigns.jobs.outbox_selectors import gate_before
from campaigns.jobs.services.delivery import Delivered, deliver_due
from campaigns.jobs.services.outbox import Note, open_gate, put_many, shut_gate
from campaigns.lib.clock import FOREVER
from campaigns.lib.refusals import NotAllowed
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.races import together

Fault = Exception | None


class Account:
    """An adapter whose receiver does as it is told; `calls` are the keys in order."""

    def __init__(self, **terms: Any) -> None:
        self.calls: list[str] = []
        self.fault: Fault = None
        self.terms = Terms(**{"order": "strict", "at_once": 1, "back_off": (1,), "tries": 99} | terms)

    def send(self, letter: Letter, terms: Terms) -> dict[str, Any]:
        self.calls.append(letter.key)
        if self.fault:
            raise self.fault
        return {}

    def deliver(self, seconds: float = 0, **more: Any) -> Delivered:
        at = AT + timedelta(seconds=seconds)
        ways = {"http.hook": Adapter("http.hook", "test", self.send, self.terms)}
        return deliver_due(clock=lambda: at, adapters=ways, **more)


def write(many: int, account: str = "core") -> None:
    with system_scope(at=AT, cause="test") as scope:
        notes = [Note(f"test.thing:{n}", f"{account}{n}", {}) for n in range(many)]
        put_many(scope=scope, adapter="http.hook", notes=notes, account=account)


def gate() -> Gate:
    found = gate_before(adapter="http.hook", account="core")
    assert found is not None
    return found


def silence() -> TryLater:
    return TryLater(NoAnswer(reason="ConnectTimeout"))


def test_a_gate_shuts_after_failures_in_a_row_is_tried_by_one_and_opens_with_success(cast: Cast) -> None:
    account = Account(failures=3, shut_for=10)
    write(8)
    account.fault = silence()
    first = account.deliver()
    assert (first.later, first.returned) == (3, 5)  # what was not begun keeps its tries
    shut = gate()
    assert (shut.failures, shut.times, shut.shut_by) == (3, 1, "breaker")
    assert shut.shut_until == AT + timedelta(seconds=10)
    assert shut.why["zh"] == "接收方没有应答（ConnectTimeout）。"
    assert account.deliver(9) == Delivered()
    # One tries for all, and the next pause is twice as long.
    assert account.deliver(10) == Delivered(later=1)
    assert gate().shut_until == AT + timedelta(seconds=30)
    account.fault = None
    assert account.deliver(30) == Delivered(sent=8)
    opened = gate()
    assert (opened.failures, opened.times, opened.shut_until, opened.why) == (0, 0, None, {})


def test_a_success_between_failures_starts_the_count_anew(cast: Cast) -> None:
    account = Account(failures=3)
    write(2)
    account.fault = silence()
    assert account.deliver() == Delivered(later=2)
    account.fault = None
    assert account.deliver(60) == Delivered(sent=2)
    assert gate().failures == 0


def test_a_receiver_that_asks_to_wait_is_left_alone_and_costs_no_try(cast: Cast) -> None:
    account = Account()
    write(3)
    account.fault = Wait(AskedToWait(seconds=7, reason="HTTP 429"), seconds=7)
    assert account.deliver() == Delivered(returned=3)
    assert len(account.calls) == 1
    assert (gate().shut_by, gate().failures) == ("receiver", 0)
    with system_scope(at=AT, cause="test"):
        assert set(Message.objects.values_list("tries", flat=True)) == {0}
    account.fault = None
    assert account.deliver(6) == Delivered()
    assert account.deliver(7) == Delivered(sent=3)
    assert gate().shut_until is None


def test_one_account_shut_says_nothing_of_another(cast: Cast) -> None:
    account = Account(failures=1)
    write(2)
    account.fault = silence()
    account.deliver()
    account.fault = None
    write(2, account="other")
    assert account.deliver() == Delivered(sent=2)
    assert account.calls[1:] == ["other0", "other1"]


def test_staff_shut_and_open_a_gate_and_it_is_noted(cast: Cast) -> None:
    account = Account(failures=1)
    write(1)
    account.fault = silence()
    account.deliver()
    account.fault = None
    with cast.ho_administrator.scope() as scope:
        shut_gate(scope=scope, gate_id=gate().pk)
    assert (gate().shut_until, gate().shut_by) == (FOREVER, "staff")
    assert gate().why["zh"] == "ho_administrator 手动关闭。"
    assert account.deliver(10**6) == Delivered()
    with cast.ho_administrator.scope() as scope:
        open_gate(scope=scope, gate_id=gate().pk)
    assert account.deliver(10**6) == Delivered(sent=1)
    with cast.ho_administrator.scope():
        noted = Entry.objects.filter(verb__startswith="jobs.gate.").order_by("id")
        assert [(e.verb, e.subject_name) for e in noted] == [
            ("jobs.gate.shut", "http.hook · core"),
            ("jobs.gate.open", "http.hook · core"),
        ]
    for somebody in (cast.ho_editor, cast.nb_manager):
        with somebody.scope() as scope, pytest.raises(NotAllowed):
            open_gate(scope=scope, gate_id=gate().pk)


def test_two_workers_together_keep_to_the_rate(committed_cast: Cast) -> None:
    workers = [Account(per_second=2, burst=5), Account(per_second=2, burst=5)]
    write(40)
    in_all = 0
    for seconds, more in ((0.0, 5), (1.0, 2), (1.4, 0), (2.0, 2), (60.0, 5)):
        together([partial(worker.deliver, seconds) for worker in workers])
        in_all += more
        assert sum(len(worker.calls) for worker in workers) == in_all
    # The control: without a limit they send all that is left.
    free = Account()
    assert free.deliver(60).sent == 40 - in_all


# --- the rules alone ---


def test_waits_grow_and_the_last_one_repeats() -> None:
    terms = Terms(back_off=(5, 60))
    assert [wait_after(terms, n).total_seconds() for n in (1, 2, 3, 9)] == [5, 60, 60, 60]


def test_a_pause_doubles_up_to_the_longest() -> None:
    terms, state, at, pauses = Terms(failures=1, shut_for=100), GateState(), AT, []
    for _turn in range(4):
        state = after_failure(state, terms, at)
        assert state.shut_until is not None
        pauses.append((state.shut_until - at).total_seconds())
        at = state.shut_until
        assert let_pass(state, terms, 50, at) == 1
        state = passed(state, terms, 1, at)
        assert let_pass(state, terms, 50, at) == 0  # somebody tries already
    assert pauses == [100, 200, 300, 300]
    assert LONGEST_WAIT.total_seconds() == 300
    assert let_pass(after_success(state), terms, 50, at) == 50


def test_a_probe_that_never_comes_back_is_replaced() -> None:
    terms = Terms(failures=1)
    state = passed(after_failure(GateState(), terms, AT), terms, 1, AT + timedelta(seconds=10))
    assert let_pass(state, terms, 9, AT + timedelta(seconds=39)) == 0
    assert let_pass(state, terms, 9, AT + timedelta(seconds=40)) == 1


def test_a_clock_that_is_behind_adds_no_tokens() -> None:
    terms = Terms(per_second=10, burst=10)
    state = passed(GateState(), terms, 10, AT)
    assert let_pass(state, terms, 5, AT - timedelta(hours=1)) == 0
    behind = passed(state, terms, 0, AT - timedelta(hours=1))
    assert let_pass(behind, terms, 5, AT) == 0
    assert let_pass(behind, terms, 5, AT + timedelta(seconds=0.3)) == 3


def test_what_a_late_call_says_changes_nothing_that_staff_decided() -> None:
    by_hand = GateState(shut_until=FOREVER, shut_by="staff")
    assert after_failure(by_hand, Terms(failures=1), AT) == by_hand
    assert after_success(replace(by_hand, failures=2)) == by_hand


@pytest.fixture(autouse=True)
def _same_adapters() -> Iterator[None]:
    """No test here leaves its adapter registered."""
    before = adapters()
    yield
    assert adapters() == before
