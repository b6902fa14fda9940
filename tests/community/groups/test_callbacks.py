"""The address that WeCom speaks to: what is signed for us makes a group due; what is not is told nothing."""

import base64
import os
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from campaigns.audit.models import SecurityRecord
from campaigns.lib.clock import now
from campaigns.tenants.scopes import system_scope
from community.groups.callbacks import Unreadable, fields_of, opened, sealed, signature_of
from community.groups.services.syncs import sync_groups
from community.groups.wecom_models import Chat
from config.standins.wechat import WeChatStandIn
from tests.community.groups.conftest import CORP, Clock, client_of, member, owners, seconds
from tests.support.cast import AT, Cast

URL = "/api/v1/hooks/wecom"
TOKEN, KEY = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"


@pytest.fixture(autouse=True)
def terms(settings: Any) -> None:
    settings.WECOM_CALLBACK_TOKEN, settings.WECOM_CALLBACK_KEY, settings.WECOM_CORP_ID = TOKEN, KEY, CORP


def signed(
    encrypted: str, *, at: Any = None, nonce: str = "1372623149", token: str = TOKEN
) -> dict[str, str]:
    timestamp = str(int((at or now()).timestamp()))
    signature = signature_of(token=token, timestamp=timestamp, nonce=nonce, encrypted=encrypted)
    return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}


def told(text: str, *, key: str = KEY, receiver: str = CORP) -> str:
    return sealed(key=key, receiver=receiver, text=text, random=os.urandom(16))


def post(text: str, *, query: dict[str, str] | None = None, **how: Any) -> int:
    encrypted = told(text, **how)
    body = f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    return send(body, query or signed(encrypted))


def send(body: str | bytes, query: dict[str, str]) -> int:
    return Client().post(URL, body, content_type="text/xml", query_params=query).status_code


def event(kind: str, **fields: str) -> str:
    rows = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in fields.items())
    return f"<xml><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{kind}]]></Event>{rows}</xml>"


def due() -> list[str]:
    with system_scope(at=now(), cause="test"):
        return sorted(Chat.objects.filter(due_at__isnull=False).values_list("chat_id", flat=True))


def test_the_cipher_is_wecoms() -> None:
    """The example of WeCom's documentation: text, length and receiver come out of it."""
    secret = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
    receiver, nonce, timestamp = "wx5823bf96d3bd56c7", "1597212914", "1476422779"
    sent = sealed(key=secret, receiver=receiver, text="早上好", random=bytes(range(16)))
    assert sealed(key=secret, receiver=receiver, text="早上好", random=bytes(range(16))) == sent
    signature = signature_of(token="QDG6eK", timestamp=timestamp, nonce=nonce, encrypted=sent)
    given = {"token": "QDG6eK", "key": secret, "receiver": receiver, "timestamp": timestamp, "nonce": nonce}
    assert opened(**given, signature=signature, encrypted=sent) == "早上好"
    raw = bytearray(base64.b64decode(sent))
    raw[-1] ^= 1
    broken = base64.b64encode(bytes(raw)).decode()
    for bad in (broken, "", "AAAA", "=", sent[:-24]):
        mark = signature_of(token="QDG6eK", timestamp=timestamp, nonce=nonce, encrypted=bad)
        with pytest.raises(Unreadable):
            opened(**given, signature=mark, encrypted=bad)
    for key in ("", "short", "ü" * 43, "A" * 44):
        with pytest.raises(Unreadable):
            opened(**{**given, "key": key}, signature=signature, encrypted=sent)


def test_hostile_xml_is_refused_before_it_does_anything() -> None:
    assert fields_of("<xml><A>1</A><B><![CDATA[<x>]]></B><C/></xml>") == {"A": "1", "B": "<x>", "C": ""}
    assert fields_of("<xml><A><B>deep</B>2</A></xml>") == {"A": "2"}
    bomb = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
    for hostile in (
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><A>&e;</A></xml>',
        f'<!DOCTYPE x [<!ENTITY a0 "ha">{bomb}]><xml><A>&a8;</A></xml>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><xml/>',
        "<xml>" + "<A/>" * 200 + "</xml>",
        "<xml>" + "<A>" * 50 + "</A>" * 50 + "</xml>",
        "<xml><A>&unknown;</A></xml>",
        "<xml><A>" + "x" * 70_000 + "</A></xml>",
        "not xml",
        "",
        b"\xff\xfe\x00",
    ):
        with pytest.raises(Unreadable):
            fields_of(hostile)


def test_wecom_is_heard_and_nobody_else(cast: Cast, server: WeChatStandIn, clock: Clock) -> None:
    owners(cast)
    client = Client()

    def heard() -> int:
        clock.at = now()
        return sync_groups(wecom=client_of(server, clock), clock=clock)

    echo = told("7834657346")
    answer = client.get(URL, query_params={**signed(echo), "echostr": echo})
    assert (answer.status_code, answer.content) == (200, b"7834657346")
    assert answer.headers["Content-Type"].startswith("text/plain")

    created = event("change_external_chat", ChatId="wr1", ChangeType="create")
    assert post(created) == 200 and due() == ["wr1"]
    server.contacts.add_chat(
        "wr1", owner="nb_manager", name="群", founded=seconds(AT), members=[member("wm1", AT)]
    )
    assert heard() == 1 and due() == []
    # The same call again changes nothing; a new one of the same content does; twice due is once.
    encrypted = told(created)
    query = signed(encrypted, nonce="again")
    body = f"<xml><Encrypt>{encrypted}</Encrypt></xml>"
    assert send(body, query) == 200 and due() == ["wr1"]
    assert heard() == 1 and due() == []
    assert send(body, query) == 200 and due() == []
    assert post(created) == 200
    assert (
        post(event("change_external_chat", ChatId="wr1", ChangeType="update", UpdateDetail="add_member"))
        == 200
    )
    assert due() == ["wr1"]
    # A customer of whom something is new: the groups that they are in.
    heard()
    assert post(event("change_external_contact", ExternalUserID="wm1", ChangeType="del_follow_user")) == 200
    assert due() == ["wr1"]
    heard()
    for nothing in (
        event("change_external_contact", ExternalUserID="wm-nobody"),
        event("change_external_tag", Id="x"),
        event("change_external_chat"),
        event("change_external_chat", ChatId="x" * 65),
        "<xml/>",
    ):
        assert post(nothing) == 200 and due() == []

    # Forged, stale, for somebody else, or shut: one answer, a line of security, and nothing due.
    before = SecurityRecord.objects.using("aside").filter(kind="hook.refused").count()
    good = told(created)
    wrong = [
        post(created, query=signed(told(created))),
        post(created, key="A" * 43),
        post(created, receiver="other-corp"),
        send(body.replace(encrypted, good), {**signed(good), "msg_signature": "0" * 40}),
        send(body.replace(encrypted, good), signed(good, token="guessed")),
        send(body.replace(encrypted, good), signed(good, at=now() - timedelta(minutes=6))),
        send(body.replace(encrypted, good), {**signed(good), "timestamp": "٣"}),
        send(body.replace(encrypted, good), {}),
        send(
            "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><xml><Encrypt>&e;</Encrypt></xml>",
            signed(""),
        ),
        post("<!DOCTYPE x [<!ENTITY e 'x'>]><xml><Event>&e;</Event></xml>"),
    ]
    assert wrong == [403] * len(wrong) and due() == []
    assert SecurityRecord.objects.using("aside").filter(kind="hook.refused").count() == before + len(wrong)
    assert send(b"x" * 70_000, signed("x")) == 413
    assert Client().put(URL).status_code == 405
    assert client.get(URL).status_code == 403


def test_it_is_shut_until_it_is_configured(cast: Cast, settings: Any) -> None:
    settings.WECOM_CALLBACK_TOKEN = ""
    encrypted = told("<xml/>")
    assert send(f"<xml><Encrypt>{encrypted}</Encrypt></xml>", signed(encrypted, token="")) == 403
