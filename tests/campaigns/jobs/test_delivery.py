"""What was put is delivered: at least once, in order within its subject, whatever fails on the way."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from campaigns.jobs.outbox_models import Gate, Message
from campaigns.jobs.services.delivery import Delivered, deliver_due
from campaigns.jobs.services.outbox import Note, put_many
from campaigns.tenants.scopes import system_scope
from tests.support.cast import AT, Cast
from tests.support.receiver import Receiver, receiver


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


def test_what_was_put_is_delivered_once_with_its_key_and_signature(
    committed_cast: Cast, core: Receiver
) -> None:
    write("a", "b", "c")
    assert deliver() == Delivered(sent=3)
    assert sorted(core.calls) == [("a", {"n": "a"}), ("b", {"n": "b"}), ("c", {"n": "c"})]
    assert deliver() == Delivered()
    sent = messages()["a"]
    assert (sent.state, sent.tries, sent.sent_at, sent.answer) == ("sent", 1, AT, {"status": 200})
    assert not Gate.objects.exists()
