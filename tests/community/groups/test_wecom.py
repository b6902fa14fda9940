"""WeCom's answers, one by one: what is tried again, what stops, and what a person is told."""

from collections.abc import Callable
from typing import Any

import pytest

from community.groups.wecom import WeCom, pages
from community.groups.wecom_answers import Gone, Later, NotPermitted, Stopped
from config.standins.wechat import WeChatStandIn
from tests.community.groups.conftest import CORP, Clock, client_of, member
from tests.support.cast import AT

pytestmark = pytest.mark.django_db


def ask(wecom: WeCom) -> Any:
    return wecom.chat("wr1")


# fault -> what is raised, seconds to wait (None: it is not tried again), tokens asked for in all
ANSWERS: list[tuple[str, type[Exception], float | None, int]] = [
    ("errcode:43101", Stopped, None, 1),  # refused by who should get it: never again
    ("errcode:84061", Stopped, None, 1),  # nobody's customer
    ("errcode:40058", Stopped, None, 1),  # we asked wrongly
    ("errcode:99999", Stopped, None, 1),
    ("errcode:49008", Gone, None, 1),
    ("errcode:40050", Gone, None, 1),
    ("errcode:48002", NotPermitted, None, 1),
    ("errcode:60020", NotPermitted, None, 1),
    ("errcode:45009", Later, 60.0, 1),
    ("errcode:45033", Later, 2.0, 1),
    ("errcode:-1", Later, 10.0, 1),
    ("http:500", Later, 10.0, 1),
    ("http:502", Later, 10.0, 1),
    ("garbage", Later, 10.0, 1),
    ("deaf", Later, 10.0, 1),
]


def test_every_answer_means_one_thing(server: WeChatStandIn, clock: Clock) -> None:
    wecom = client_of(server, clock)
    server.contacts.add_chat("wr1", owner="a", name="n", founded=1_700_000_000, members=[])
    for fault, raised, wait, tokens in ANSWERS:
        server.desk.fail(fault)
        with pytest.raises(raised) as told:
            ask(wecom)
        assert type(told.value) is raised, fault
        assert getattr(told.value, "seconds", None) == wait, fault
        assert server.desk.asked_for_tokens == tokens, fault
        # One call, one fault: the next one is answered.
        assert ask(wecom).chat_id == "wr1", fault


def test_a_stale_token_is_renewed_once(server: WeChatStandIn, clock: Clock) -> None:
    wecom = client_of(server, clock)
    server.contacts.add_chat("wr1", owner="a", name="n", founded=1_700_000_000, members=[])
    assert ask(wecom).owner == "a" and server.desk.asked_for_tokens == 1
    for number, errcode in enumerate((40001, 40014, 42001), start=2):
        server.desk.fail(f"errcode:{errcode}")
        assert ask(wecom).owner == "a"
        assert server.desk.asked_for_tokens == number
    server.desk.end_tokens()
    assert ask(wecom).owner == "a" and server.desk.asked_for_tokens == 5
    # Stale again at once: it is not asked for a third time, but later.
    server.desk.fail("errcode:42001", times=2)
    with pytest.raises(Later):
        ask(wecom)
    assert server.desk.asked_for_tokens == 6
    with pytest.raises(NotPermitted):
        ask(client_of(server, clock, secret="wrong", corp="other"))
    with pytest.raises(Later):
        ask(client_of(server, clock, base_url="http://127.0.0.1:9", corp="nowhere"))


def test_what_makes_no_sense_is_asked_again_and_changes_nothing(server: WeChatStandIn, clock: Clock) -> None:
    wecom = client_of(server, clock)
    good = {"chat_id": "wr1", "owner": "a", "name": "", "create_time": 1_700_000_000, "member_list": []}
    broken: list[dict[str, Any]] = [
        {"chat_id": "wr2"},
        {"member_list": None},
        {"owner": ""},
        {"member_list": [{"userid": "x", "type": 3}]},
        {"member_list": [{"type": 2}]},
        {"member_list": ["x"]},
    ]
    for change in broken:
        server.contacts.chats["wr1"] = good | change
        with pytest.raises(Later):
            ask(wecom)
    # A moment that is none is no reason to know nobody.
    server.contacts.chats["wr1"] = good | {"member_list": [{"userid": "x", "type": 2, "join_time": "soon"}]}
    assert ask(wecom).members[0].joined_at is None


def test_lists_come_page_by_page_and_never_for_ever(server: WeChatStandIn, clock: Clock) -> None:
    wecom = client_of(server, clock)
    for n in range(5):
        server.contacts.add_chat(f"wr{n}", owner="a", name=str(n), founded=1_700_000_000, members=[])
    listed = [row["chat_id"] for page in pages(wecom.list_chats) for row in page.rows]
    assert listed == ["wr0", "wr1", "wr2", "wr3", "wr4"]
    assert [body.get("cursor", "") for path, body in server.contacts.asked if path == "/groupchat/list"] == [
        "",
        "c2",
        "c4",
    ]

    def same(*, cursor: str) -> Any:
        return wecom.list_chats(cursor="c2")

    with pytest.raises(Later):
        list(pages(same))


def test_group_messages_ways_and_hand_overs(server: WeChatStandIn, clock: Clock) -> None:
    """Failures within errcode 0 are told, and nobody is taken for reached."""
    wecom, contacts = client_of(server, clock), server.contacts
    for n in range(3):
        contacts.add_chat(
            f"wr{n}", owner="a", name=str(n), founded=1_700_000_000, members=[member("wm1", AT)]
        )
    contacts.unreachable = {"wr1", "wm9"}
    msgid, failed = wecom.add_group_message(sender="a", text="早上好", chat_ids=["wr0", "wr1", "wr2"])
    assert failed == ("wr1",)
    assert [row["status"] for row in wecom.message_tasks(msgid=msgid).rows] == [0]
    assert [row["status"] for row in wecom.message_results(msgid=msgid, userid="a").rows] == [0, 0]
    contacts.messages[msgid] |= {"sent_at": 1_700_000_100, "status": {"wr2": 3}}
    assert [row["status"] for row in wecom.message_tasks(msgid=msgid).rows] == [2]
    results = [row for page in pages(wecom.message_results, msgid=msgid, userid="a") for row in page.rows]
    assert [(row["chat_id"], row["status"]) for row in results] == [("wr0", 1), ("wr2", 3)]
    _single, nobody = wecom.add_group_message(sender="a", text="您好", external_userids=["wm1", "wm9"])
    assert nobody == ("wm9",)
    wecom.remind_sender(msgid=msgid)

    config_id, qr = wecom.add_contact_way(users=["a"], state="branch")
    assert wecom.picture(qr).startswith(b"\x89PNG")
    wecom.update_contact_way(config_id=config_id, users=["b"], state="branch")
    wecom.del_contact_way(config_id=config_id)
    way = wecom.add_join_way(chat_ids=["wr0"], state="line", opens_next=True)
    assert wecom.join_way(way)["auto_create_room"] == 1
    wecom.update_join_way(config_id=way, chat_ids=["wr2"], state="line")
    assert wecom.join_way(way)["chat_id_list"] == ["wr2"]
    wecom.del_join_way(config_id=way)
    refused: list[Callable[[], Any]] = [
        lambda: wecom.join_way(way),
        lambda: wecom.del_contact_way(config_id=config_id),
        lambda: wecom.external_contact("wm7"),
        lambda: wecom.message_tasks(msgid="none"),
    ]
    for each in refused:
        with pytest.raises(Stopped):
            each()
    with pytest.raises(Later):
        wecom.picture(f"{server.url}/wecom-qr/none")

    contacts.contacts["wm1"] = {"external_userid": "wm1", "name": "李四", "unionid": "union-nb"}
    assert wecom.external_contact("wm1")["unionid"] == "union-nb"
    assert wecom.transfer_chats(chat_ids=["wr0", "wr1"], to="b") == {"wr1": 90500}
    assert contacts.chats["wr0"]["owner"] == "b"
    contacts.unassigned = [{"handover_userid": "a", "external_userid": f"wm{n}"} for n in range(3)]
    rows = [row["external_userid"] for page in pages(wecom.unassigned) for row in page.rows]
    assert rows == ["wm0", "wm1", "wm2"]
    assert wecom.transfer_customers(leaver="a", heir="b", external_userids=["wm1", "wm9"]) == {"wm9": 40096}
    contacts.statistics["a"] = {"chat_total": 3, "chat_has_msg": 1, "msg_total": 9}
    contacts.replies["a"] = 12
    assert wecom.owner_figures(owner="a", day=AT)["chat_has_msg"] == 1
    assert wecom.owner_figures(owner="b", day=AT) == {}
    assert (wecom.reply_minutes(userid="a", day=AT), wecom.reply_minutes(userid="b", day=AT)) == (12, None)
    assert wecom.corp == CORP
