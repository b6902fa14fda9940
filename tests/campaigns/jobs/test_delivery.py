"""What was put is delivered: at least once, in order within its subject, whatever fails on the way."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections, transaction

from campaigns.audit.models import Entry
from campaigns.jobs.adapters import Adapter, Letter, adapters
from campaigns.jobs.outbox_models import Gate, Message
from campaigns.jobs.outbox_rules import LEASE, MessageIsNotDead, MessageIsOver, Terms
from campaigns.jobs.outbox_selectors import state_of
from campaigns.jobs.services.delivery import Delivered, _Run, deliver_due
from campaigns.jobs.services.outbox import Note, cancel_message, put, put_many, resend_message
from campaigns.lib.hooks import call_hook
from campaigns.lib.ids import new_id
from campaigns.lib.outward import Limits
from campaigns.planning.models import Campaign
from campaigns.planning.services import add_campaign
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.deaths import die, until_the_dead_are_gone
from tests.support.processes import wait_until
from tests.support.races import together
from tests.support.receiver import SECRET, Receiver, receiver


@pytest.fixture
def core(settings: Any) -> Iterator[Receiver]:
    """A system of the bank, told by http.hook under the account "core"."""
    with receiver() as server:
        settings.HOOKS = {"core": server.hook}
        yield server


def write(*keys: str, subject: str = "", account: str = "core", at: datetime = AT) -> None:
    with system_scope(at=at, cause="test") as scope:
        notes = [Note(subject or f"test.thing:{key}", key, {"n": key}) for key in keys]
        put_many(scope=scope, adapter="http.hook", notes=notes, account=account)


def deliver(at: datetime = AT, **more: Any) -> Delivered:
    return deliver_due(clock=lambda: at, **more)


def messages() -> dict[str, Message]:
    with system_scope(at=AT, cause="test"):
        return {m.key: m for m in Message.objects.all()}


def test_what_was_put_is_delivered_once_with_its_key_and_signature(cast: Cast, core: Receiver) -> None:
    write("a", "b", "c")
    assert deliver() == Delivered(sent=3)
    assert sorted(core.calls) == [("a", {"n": "a"}), ("b", {"n": "b"}), ("c", {"n": "c"})]
    assert deliver() == Delivered()
    sent = messages()["a"]
    assert (sent.state, sent.tries, sent.sent_at, sent.answer) == ("sent", 1, AT, {"status": 200})
    assert state_of(gate=Gate.objects.get()).is_plain


def test_the_same_key_twice_is_one_message_and_a_rolled_back_one_is_none(cast: Cast, core: Receiver) -> None:
    write("a")
    write("a")
    with pytest.raises(ZeroDivisionError), system_scope(at=AT, cause="test") as scope:
        put(scope=scope, adapter="http.hook", subject="test.thing:b", key="b", body={}, account="core")
        raise ZeroDivisionError
    assert deliver() == Delivered(sent=1)
    assert [key for key, _told in core.calls] == ["a"]


def test_a_message_waits_for_its_time(cast: Cast, core: Receiver) -> None:
    with system_scope(at=AT, cause="test") as scope:
        put(
            scope=scope, adapter="http.hook", subject="test.thing:1", key="later", body={}, account="core",
            at=AT + timedelta(hours=1),
        )  # fmt: skip
    assert deliver(AT + timedelta(minutes=59)) == Delivered()
    assert deliver(AT + timedelta(minutes=60)) == Delivered(sent=1)


def test_four_workers_keep_the_order_within_each_subject(committed_cast: Cast, core: Receiver) -> None:
    for turn in range(12):
        with system_scope(at=AT, cause="test") as scope:
            notes = [Note(f"test.thing:{thing}", f"{thing}.{turn}", {"turn": turn}) for thing in range(6)]
            put_many(scope=scope, adapter="http.hook", notes=notes, account="core")
    together([lambda: deliver(lot=4)] * 4)
    while deliver().sent:
        pass
    assert len(core.calls) == len(core.effects) == 72
    for thing in range(6):
        turns = [told["turn"] for key, told in core.calls if key.startswith(f"{thing}.")]
        assert turns == list(range(12))


def test_a_lost_reply_sends_it_again_under_the_same_key_and_has_one_effect(
    cast: Cast, core: Receiver
) -> None:
    core.misbehaves = lambda key, nth: "deaf" if nth == 1 else ""
    write("a")
    assert deliver() == Delivered(later=1)
    waiting = messages()["a"]
    assert (waiting.state, waiting.tries, waiting.ready_at) == ("waiting", 1, AT + timedelta(seconds=5))
    assert waiting.why["code"] == "jobs.receiver.no_answer"
    assert deliver(AT + timedelta(seconds=4)) == Delivered()
    assert deliver(AT + timedelta(seconds=5)) == Delivered(sent=1)
    assert [key for key, _told in core.calls] == ["a", "a"]
    assert len(core.effects) == 1
    assert messages()["a"].tries == 2


def test_a_worker_killed_between_reply_and_writing_leaves_it_to_the_next(
    committed_cast: Cast, core: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process of its own, killed when the answer is there and nothing is written."""
    write("a")
    connections.close_all()
    child = os.fork()
    if not child:
        monkeypatch.setattr(_Run, "_write", lambda *_given: die())
        deliver()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    until_the_dead_are_gone()
    left = messages()["a"]
    assert (left.state, left.tries, left.lease_until) == ("sending", 0, AT + LEASE)
    assert deliver(AT + LEASE - timedelta(seconds=1)) == Delivered()
    assert deliver(AT + LEASE) == Delivered(sent=1)
    assert [key for key, _told in core.calls] == ["a", "a"]
    assert len(core.effects) == 1
    done = messages()["a"]
    assert (done.state, done.tries, done.lost) == ("sent", 2, 1)


def test_who_goes_on_sending_keeps_the_lease_of_what_still_waits_in_line(
    committed_cast: Cast, core: Receiver
) -> None:
    """Five calls of three seconds, one at a time: the last begins when the lease of the claim is long over."""
    for key in "abcde":
        write(key)
    at = [AT]
    stolen = []

    def leased(letter: Letter) -> bool:
        return messages()[letter.key].lease_until == at[0] + LEASE

    def send(letter: Letter, terms: Terms) -> dict[str, Any]:
        at[0] += timedelta(seconds=3)
        assert wait_until(lambda: leased(letter), within=10)
        together([lambda: stolen.append(deliver(at[0]))])
        connections.close_all()
        return {}

    slow = {"http.hook": Adapter("http.hook", "slow", send, terms=Terms(at_once=1))}
    assert deliver_due(clock=lambda: at[0], adapters=slow) == Delivered(sent=5)
    assert at[0] > AT + 2 * LEASE
    assert stolen == [Delivered()] * 5 and core.calls == []


def test_an_outcome_that_comes_after_the_lease_is_not_written(committed_cast: Cast, core: Receiver) -> None:
    write("a")
    taken = []

    def send(letter: Letter, terms: Terms) -> dict[str, Any]:
        # Meanwhile another worker finds the lease run out, and sends it.
        if not taken:
            taken.append(letter)
            together([lambda: deliver(AT + LEASE)])
        return {"by": "the slow one"}

    slow = {"http.hook": Adapter("http.hook", "slow", send)}
    assert deliver(adapters=slow) == Delivered(sent=1, late=1)
    assert messages()["a"].answer == {"status": 200}


def test_a_message_that_kills_its_workers_is_given_up(cast: Cast, core: Receiver) -> None:
    write("a")
    tries = adapters()["http.hook"].terms.tries
    with system_scope(at=AT, cause="test"):
        Message.objects.update(
            state="sending", attempt=new_id(), lease_until=AT, ready_at=AT, tries=tries - 1, lost=tries - 1
        )
    assert deliver() == Delivered(dead=1)
    assert core.calls == []
    assert messages()["a"].why["code"] == "jobs.message.workers_lost"


def test_a_refused_message_is_dead_at_once_and_holds_up_its_subject_where_order_is_strict(
    cast: Cast, core: Receiver
) -> None:
    core.misbehaves = lambda key, nth: "http:422" if key == "first" and nth == 1 else ""
    write("first", "second", subject="test.thing:1")
    write("other")
    assert deliver() == Delivered(sent=1, dead=1)
    dead = messages()["first"]
    assert (dead.state, dead.why["zh"]) == ("dead", "接收方拒收（HTTP 422）。")
    assert deliver(AT + timedelta(days=1)) == Delivered()
    with cast.ho_administrator.scope(at=AT) as scope:
        resend_message(scope=scope, message_id=dead.pk)
    assert deliver() == Delivered(sent=2)
    assert [key for key, _told in core.calls] == ["other", "first", "second"]


def test_where_order_lets_pass_a_dead_one_does_not_stand_in_the_way(cast: Cast, core: Receiver) -> None:
    hook = adapters()["http.hook"]
    loose = {"http.hook": replace(hook, terms=replace(hook.terms, order="pass"))}
    core.misbehaves = lambda key, nth: "http:422" if key == "first" else ""
    write("first", "second", subject="test.thing:1")
    assert deliver(adapters=loose) == Delivered(sent=1, dead=1)


def test_giving_up_a_dead_message_lets_the_next_one_go(cast: Cast, core: Receiver) -> None:
    core.misbehaves = lambda key, nth: "http:404" if key == "first" else ""
    write("first", "second", subject="test.thing:1")
    deliver()
    with cast.ho_administrator.scope(at=AT) as scope:
        cancel_message(scope=scope, message_id=messages()["first"].pk, reason="已由人工处理")
        with pytest.raises(MessageIsOver):
            cancel_message(scope=scope, message_id=messages()["first"].pk, reason="again")
        with pytest.raises(MessageIsNotDead):
            resend_message(scope=scope, message_id=messages()["second"].pk)
    assert deliver() == Delivered(sent=1)
    assert list(core.effects) == ["second"]
    with cast.ho_administrator.scope(at=AT):
        noted = Entry.objects.get(verb="jobs.message.give_up")
        assert (noted.subject_name, noted.detail["reason"]) == ("http.hook · first", "已由人工处理")


def test_tries_are_spent_and_then_it_is_dead(cast: Cast, core: Receiver) -> None:
    hook = adapters()["http.hook"]
    patient = {"http.hook": replace(hook, terms=replace(hook.terms, tries=3, back_off=(5, 60), failures=9))}
    core.misbehaves = lambda key, nth: "http:500"
    write("a")
    at = AT
    for wait in (5, 60):
        assert deliver(at, adapters=patient) == Delivered(later=1)
        at += timedelta(seconds=wait)
        assert messages()["a"].ready_at == at
    assert deliver(at, adapters=patient) == Delivered(dead=1)
    assert (messages()["a"].tries, messages()["a"].ended_at) == (3, at)


def test_a_mistake_of_the_adapter_costs_the_message_a_try_and_the_account_nothing(
    cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(letter: Letter, terms: Terms) -> dict[str, Any]:
        raise KeyError("oops")

    write("a")
    assert deliver(adapters={"http.hook": Adapter("http.hook", "broken", stumble)}) == Delivered(later=1)
    assert messages()["a"].why["code"] == "jobs.message.failed"
    assert "KeyError" in caplog.text
    assert state_of(gate=Gate.objects.get()).is_plain


def test_a_slow_account_does_not_hold_up_the_others(cast: Cast, core: Receiver) -> None:
    """The slow calls end only when the others have gone through, or never."""
    settled = threading.Event()
    gone: list[str] = []

    def send(letter: Letter, terms: Terms) -> dict[str, Any]:
        if letter.account == "slow":
            assert settled.wait(20)
        gone.append(letter.key)
        if len([key for key in gone if key.startswith("q")]) == 40:
            settled.set()
        return {}

    write(*(f"s{n}" for n in range(10)), account="slow")
    write(*(f"q{n}" for n in range(40)), account="quick")
    assert deliver(adapters={"http.hook": Adapter("http.hook", "x", send)}, lot=8) == Delivered(sent=50)
    assert all(key.startswith("q") for key in gone[:40])


def test_at_the_end_of_its_time_a_run_gives_back_what_it_did_not_begin(cast: Cast, core: Receiver) -> None:
    write(*(f"a{n}" for n in range(20)))
    done = deliver(seconds=0)
    assert done.sent + done.returned == 20
    assert {m.state for m in messages().values()} <= {"sent", "waiting"}
    assert deliver().sent == done.returned


# --- controls: what happens without the outbox ---


def test_control_sending_on_commit_loses_what_dies_between_and_sending_inside_makes_phantoms(
    committed_cast: Cast, core: Receiver
) -> None:
    """The same crashes, at the same places: after the commit and before the call; after the call and before it."""

    def tell(key: str) -> None:
        call_hook(url=core.url, secret=SECRET, key=key, body=b"{}", at=AT, limits=Limits(2, 5, 8))

    def change(key: str, how: str, crashes: bool) -> None:
        with suppress(ZeroDivisionError), system_scope(at=AT, cause="test") as scope:
            campaign = add_campaign(scope=scope, title=key, starts_at=AT, ends_at=AT.replace(year=2099))
            assert campaign.title == key
            if how == "on_commit":
                transaction.on_commit(lambda: 1 / 0 if crashes else tell(key))
            elif how == "inside":
                tell(key)
            else:
                put(scope=scope, adapter="http.hook", subject=f"t.t:{key}", key=key, body={}, account="core")
            if crashes and how != "on_commit":
                raise ZeroDivisionError

    for how in ("on_commit", "inside", "outbox"):
        for n in range(4):
            change(f"{how}{n}", how, crashes=n % 2 == 1)
    deliver()
    with system_scope(at=AT, cause="test"):
        kept = set(Campaign.objects.values_list("title", flat=True))
    told = set(core.effects)
    assert sorted(kept - told) == ["on_commit1", "on_commit3"]  # lost
    assert sorted(told - kept) == ["inside1", "inside3"]  # phantoms
    assert {"outbox0", "outbox2"} == {key for key in kept & told if key.startswith("outbox")}
