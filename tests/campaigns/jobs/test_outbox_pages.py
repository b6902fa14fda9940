"""The outbox at head office: what did not get through, why, and the buttons that help."""

import pytest
from django.test import Client

from campaigns.audit.models import Entry
from campaigns.jobs.outbox_models import Gate, Message
from campaigns.jobs.services.outbox import put
from campaigns.lib.clock import FOREVER, now
from tests.support.cast import Cast, Player

LIST, GATES = "/admin/jobs/message/", "/admin/jobs/gate/"
WHY = {
    "code": "jobs.receiver.refused",
    "zh": "接收方拒收（HTTP 422）。",
    "en": "The receiver refused it (HTTP 422).",
}


def client_of(player: Player) -> Client:
    client = Client()
    client.force_login(player.login)
    return client


@pytest.fixture
def dead(cast: Cast) -> Message:
    """A message of NB that the receiver refused."""
    with cast.nb_editor.scope(at=now()) as scope:
        message = put(
            scope=scope, adapter="http.hook", account="core", subject=f"tenants.branch:{scope.branch_id}",
            key="k1", body={"text": "春节活动"},
        )  # fmt: skip
        Message.objects.update(state="dead", tries=1, ended_at=now(), why=WHY)
    return message


def test_the_list_says_what_is_dead_and_why_and_empty_it_says_what_comes(cast: Cast) -> None:
    client = client_of(cast.ho_administrator)
    assert "还没有外发消息" in client.get(LIST).content.decode()
    with cast.nb_editor.scope(at=now()) as scope:
        put(scope=scope, adapter="wecom.message", subject="a.b:1", key="k", body={})
        Message.objects.update(state="dead", ended_at=now(), why=WHY)
    page = client.get(LIST + "?state__exact=dead").content.decode()
    assert "接收方拒收（HTTP 422）。" in page
    assert "企业微信消息" in page
    assert "未送达" in page


def test_a_dead_message_is_sent_again_or_given_up_and_it_is_noted(cast: Cast, dead: Message) -> None:
    client = client_of(cast.ho_administrator)
    one = f"{LIST}{dead.pk}/change/"
    page = client.get(one).content.decode()
    assert "重新发送" in page and "放弃发送" in page and "春节活动" in page
    assert f"/admin/tenants/branch/{dead.branch_id}/change/" in page
    assert "效果键不变" in client.get(f"{LIST}{dead.pk}/resend/").content.decode()
    assert client.post(f"{LIST}{dead.pk}/resend/").status_code == 302
    with cast.ho_administrator.scope(at=now()):
        assert (Message.objects.get().state, Message.objects.get().tries) == ("waiting", 0)
    again = client.post(f"{LIST}{dead.pk}/resend/")
    assert "只有未送达的消息才能重新发送" in again.content.decode()
    assert client.post(f"{LIST}{dead.pk}/cancel/", {"reason": "电话已通知"}).status_code == 302
    with cast.ho_administrator.scope(at=now()):
        assert Message.objects.get().state == "cancelled"
        noted = Entry.objects.filter(verb__startswith="jobs.message.").order_by("id")
        assert [(e.verb, e.detail.get("reason")) for e in noted] == [
            ("jobs.message.resend", WHY["zh"]),
            ("jobs.message.give_up", "电话已通知"),
        ]
    page = client.get(one).content.decode()
    assert "放弃发送</" not in page


def test_a_gate_is_shut_and_opened_by_hand(cast: Cast) -> None:
    gate = Gate.objects.create(adapter="http.hook", account="core", changed_at=now())
    client = client_of(cast.ho_administrator)
    assert "行内系统 · core" in client.get(GATES).content.decode()
    assert client.post(f"{GATES}{gate.pk}/shut/").status_code == 302
    gate.refresh_from_db()
    assert (gate.shut_by, gate.shut_until) == ("staff", FOREVER)
    head = client.get(LIST).content.decode()
    assert "直到有人打开" in head and "ho_administrator 手动关闭。" in head
    assert client.post(f"{GATES}{gate.pk}/open/").status_code == 302
    gate.refresh_from_db()
    assert gate.shut_until is None
    assert "立即打开闸口" not in client.get(f"{GATES}{gate.pk}/change/").content.decode()


def test_a_whole_reference_or_key_finds_it_and_half_of_one_does_not(cast: Cast, dead: Message) -> None:
    client = client_of(cast.ho_administrator)
    for words, found in (("k1", 1), (dead.subject, 1), ("k", 0), ("\x00", 1)):
        assert client.get(LIST, {"q": words}).context["cl"].result_count == found


def test_nobody_below_head_office_and_no_other_role_sees_any_of_it(cast: Cast, dead: Message) -> None:
    for player in (cast.nb_manager, cast.ho_editor, cast.ho_auditor):
        client = client_of(player)
        for page in (LIST, GATES, f"{LIST}{dead.pk}/change/", f"{LIST}{dead.pk}/resend/"):
            assert client.get(page).status_code == 403, page
        assert LIST not in client.get("/admin/").content.decode()
    assert LIST in client_of(cast.ho_administrator).get("/admin/").content.decode()
