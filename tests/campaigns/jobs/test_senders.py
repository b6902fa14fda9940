"""WeChat and WeCom over HTTP, against the stand-in: one token for all, renewed once, and every answer understood."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connections

from campaigns.jobs.adapters import adapters
from campaigns.jobs.outbox_models import AccessToken, Message
from campaigns.jobs.senders import senders
from campaigns.jobs.services import access_tokens
from campaigns.jobs.services.access_tokens import access_token, forget_tokens
from campaigns.jobs.services.delivery import Delivered, deliver_due
from campaigns.jobs.services.outbox import put
from campaigns.lib.wechat_messages import NoToken, Token, fetch_wechat_token
from campaigns.tenants.scopes import system_scope
from config.standins.messages import SUBSCRIBE, WECOM_SEND
from config.standins.wechat import WeChatStandIn
from tests.support.cast import AT, Cast
from tests.support.races import together
from tests.support.wechat import wechat_server

SECRET = "s3cret"


@pytest.fixture
def server(settings: Any) -> Iterator[WeChatStandIn]:
    with wechat_server(app="", secret=SECRET) as running:
        settings.WECHAT_BASE_URL = settings.WECOM_BASE_URL = running.url
        settings.WECHAT_APP_ID, settings.WECHAT_APP_SECRET = "wx-test", SECRET
        settings.WECOM_CORP_ID, settings.WECOM_AGENT_ID, settings.WECOM_SECRET = "corp", "7", SECRET
        forget_tokens()
        yield running
        forget_tokens()


def write(key: str, adapter: str = "wechat.subscribe", **body: Any) -> None:
    with system_scope(at=AT, cause="test") as scope:
        message = {"to": "o-1", "template_id": "t1", "data": {"thing1": {"value": "春节活动"}}} | body
        put(scope=scope, adapter=adapter, subject=f"test.thing:{key}", key=key, body=message)


def deliver(minutes: float = 0) -> Delivered:
    def clock() -> datetime:
        return AT + timedelta(minutes=minutes)

    return deliver_due(clock=clock, adapters={way.code: way for way in senders(clock)})


def message(key: str) -> Message:
    with system_scope(at=AT, cause="test"):
        found: Message = Message.objects.get(key=key)
        return found


def test_messages_reach_wechat_and_wecom_with_one_token_each(
    committed_cast: Cast, server: WeChatStandIn
) -> None:
    for n in range(5):
        write(f"s{n}")
    write("c1", adapter="wecom.message", to="zhangsan", msgtype="text", text={"content": "今天有直播"})
    assert deliver() == Delivered(sent=6)
    assert server.desk.asked_for_tokens == 2
    paths = [path for path, _told in server.desk.taken]
    assert (paths.count(SUBSCRIBE), paths.count(WECOM_SEND)) == (5, 1)
    [told] = [told for path, told in server.desk.taken if path == WECOM_SEND]
    assert (told["touser"], told["agentid"], told["enable_duplicate_check"]) == ("zhangsan", 7, 1)
    subscribe = next(told for path, told in server.desk.taken if path == SUBSCRIBE)
    assert (subscribe["touser"], subscribe["template_id"]) == ("o-1", "t1")
    assert "to" not in subscribe
    assert message("c1").answer["msgid"]
    # Kept sealed: the database alone opens nothing.
    stored = AccessToken.objects.get(app="wechat:wx-test")
    assert bytes(stored.token)[:1] == b"\x01"
    assert stored.valid_until == AT + timedelta(seconds=7200)


def test_a_stale_token_is_renewed_once_and_the_message_goes_out_in_the_same_try(
    committed_cast: Cast, server: WeChatStandIn
) -> None:
    write("a")
    deliver()
    server.desk.end_tokens()
    for n in range(8):
        write(f"b{n}")
    assert deliver() == Delivered(sent=8)
    assert server.desk.asked_for_tokens == 2
    assert message("b0").tries == 1


def test_a_token_is_fetched_again_before_it_ends(committed_cast: Cast, server: WeChatStandIn) -> None:
    for minutes, asked in ((0, 1), (115, 1), (116.1, 2)):
        write(f"m{minutes}")
        assert deliver(minutes).sent == 1
        assert server.desk.asked_for_tokens == asked


def test_every_answer_is_understood(committed_cast: Cast, server: WeChatStandIn) -> None:
    for fault, state, code, tries in (
        ("errcode:43101", "dead", "jobs.receiver.refused", 1),
        ("errcode:-1", "waiting", "jobs.receiver.failed", 1),
        ("http:502", "waiting", "jobs.receiver.no_answer", 1),
        ("deaf", "waiting", "jobs.receiver.no_answer", 1),
        ("errcode:45009", "waiting", "jobs.receiver.wait", 0),
    ):
        server.desk.fail(fault)
        write(fault)
        deliver()
        found = message(fault)
        assert (found.state, found.why.get("code"), found.tries) == (state, code, tries), fault
    assert message("errcode:43101").why["zh"].startswith("接收方拒收（43101 user refuse to accept the msg")


def test_a_wrong_secret_is_told_in_words_and_shuts_the_account(
    committed_cast: Cast, server: WeChatStandIn, settings: Any
) -> None:
    settings.WECHAT_APP_SECRET = "wrong"
    for n in range(6):
        write(f"k{n}")
    done = deliver()
    assert done.later >= adapters()["wechat.subscribe"].terms.failures
    assert "40125 invalid appsecret" in message("k0").why["zh"]
    assert SECRET not in str(message("k0").why)
    assert not AccessToken.objects.exists()
    settings.WECHAT_APP_ID = ""
    write("nobody")
    deliver(60)
    assert message("nobody").state == "waiting"


# --- one token for twenty threads and two processes ---


def ask(server: WeChatStandIn) -> str:
    return access_token(app="wechat:wx-test", fetch=partial(fetch, server), clock=lambda: AT)


def fetch(server: WeChatStandIn, is_stale: bool) -> Token:
    return fetch_wechat_token(base_url=server.url, app="wx-test", secret=SECRET, is_stale=is_stale)


def twenty_threads_in_two_processes(server: WeChatStandIn) -> list[str]:
    """What each of them was told."""
    connections.close_all()
    read, write = os.pipe()
    children = []
    for _process in range(2):
        child = os.fork()
        if not child:
            told = together([partial(ask, server)] * 10)
            os.write(write, ("".join(f"{each}\n" for each in told)).encode())
            os._exit(0)
        children.append(child)
    os.close(write)
    with os.fdopen(read) as answers:
        found = answers.read().split()
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    return found


def test_twenty_threads_in_two_processes_fetch_one_token(committed: None, server: WeChatStandIn) -> None:
    told = twenty_threads_in_two_processes(server)
    assert (len(told), len(set(told))) == (20, 1)
    assert server.desk.asked_for_tokens == 1


def test_control_without_the_lock_they_fetch_several(
    committed: None, server: WeChatStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_tokens, "_ALONE", "SELECT %s")
    assert len(twenty_threads_in_two_processes(server)) == 20
    assert server.desk.asked_for_tokens > 1


def test_twenty_who_find_it_stale_renew_it_once(committed: None, server: WeChatStandIn) -> None:
    old = ask(server)
    server.desk.end_tokens()
    renew = partial(
        access_token, app="wechat:wx-test", fetch=partial(fetch, server), clock=lambda: AT, stale=old
    )
    told = together([renew] * 20)
    assert len(set(told)) == 1
    assert told[0] != old
    assert server.desk.asked_for_tokens == 2


def test_a_server_that_gives_no_token_leaves_none_behind(committed: None, server: WeChatStandIn) -> None:
    server.secret = "another"
    with pytest.raises(NoToken, match="40125"):
        ask(server)
    assert not AccessToken.objects.exists()
    server.secret = SECRET
    assert ask(server)
