"""Posts through WeCom: outbox, the stand-in over HTTP, the owner's confirmation there, and what comes back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from campaigns.audit.models import Entry
from campaigns.jobs.adapters import adapters
from campaigns.jobs.outbox_models import Gate, Message
from campaigns.jobs.services.access_tokens import forget_tokens
from campaigns.jobs.services.delivery import Delivered, deliver_due
from campaigns.tenants.scopes import system_scope
from community.groups.models import Group
from community.groups.services.accounts import bind_account, end_account
from community.groups.wecom import WeCom
from community.plans.group_posts import GROUP_POSTS
from community.plans.models import Post
from community.plans.services import posts, runs
from community.plans.services.courier import ask_results
from community.plans.services.reminders import remind_due
from config.standins.wechat import WeChatStandIn
from tests.support.cast import AT, Cast
from tests.support.plans import HELLO, group_of, live_plan, local, operator, posts_of, swept
from tests.support.wechat import wechat_server

pytestmark = pytest.mark.django_db

NINE = local("2026-11-23 09:00")


@pytest.fixture
def server(settings: Any) -> Iterator[WeChatStandIn]:
    with wechat_server(app="", secret="s3cret") as running:
        settings.WECOM_BASE_URL, settings.WECOM_CORP_ID, settings.WECOM_AGENT_ID = running.url, "corp", "7"
        settings.WECOM_CONTACT_SECRET = settings.WECOM_SECRET = "s3cret"
        settings.CSRF_TRUSTED_ORIGINS = ["https://fenhang.example"]
        forget_tokens()
        yield running
        forget_tokens()


@pytest.fixture
def bank(cast: Cast) -> Cast:
    operator(cast)
    return cast


def chats(bank: Cast, server: WeChatStandIn, many: int = 1, **more: Any) -> list[Group]:
    """Groups of WeCom whose owner is NB's clerk, each with a post due on Monday at nine."""
    with system_scope(at=AT, cause="test") as scope:
        bind_account(scope=scope, person_id=bank.nb_clerk.person.pk, userid="Wang.Clerk")
    plan = live_plan(bank, replace(HELLO, **more))
    made = []
    for n in range(many):
        group = group_of(bank, name=f"{n}群")
        with system_scope(at=AT, cause="test"):
            Group.objects.filter(pk=group.pk).update(source="wecom", chat_id=f"wr{n}")
        server.contacts.add_chat(
            f"wr{n}", owner="wang.clerk", name=f"{n}群", founded=1_700_000_000, members=[]
        )
        with bank.operator.scope(at=AT) as scope:
            runs.apply_plan(scope=scope, plan_id=plan.pk, group_id=group.pk)
        made.append(group)
    return made


def delivered(at: datetime, adapter: str = GROUP_POSTS) -> Delivered:
    return deliver_due(clock=lambda: at, adapters={adapter: adapters()[adapter]})


def asked(at: datetime, server: WeChatStandIn) -> int:
    wecom = WeCom(base_url=server.url, corp="corp", secret="s3cret", clock=lambda: at)
    return ask_results(wecom=wecom, clock=lambda: at)


def messages(adapter: str = GROUP_POSTS) -> list[Message]:
    with system_scope(at=AT, cause="test"):
        return list(Message.objects.filter(adapter=adapter).order_by("place"))


def post_of(group: Group) -> Post:
    [post] = [each for each in posts_of(group) if each.due_at == NINE]
    return post


def told(group: Group) -> tuple[str, str, str]:
    post = post_of(group)
    return post.state, post.result, post.why


def questions(server: WeChatStandIn) -> int:
    return sum(path == "/get_groupmsg_send_result" for path, _body in server.contacts.asked)


def test_from_the_hand_out_to_what_wecom_says(bank: Cast, server: WeChatStandIn) -> None:
    groups = chats(bank, server, 4)
    swept(NINE)
    assert {told(group) for group in groups} == {("due", "waiting", "")}
    # One call for four posts; nothing of either has left yet.
    [call] = messages("wecom.message")
    assert (server.desk.taken, server.contacts.messages) == ([], {})
    assert delivered(NINE, "wecom.message") == Delivered(sent=1)
    [(_path, message)] = server.desk.taken
    assert message["touser"] == "wang.clerk" and message["msgtype"] == "text"
    assert "4 条" in message["text"]["content"]
    assert "https://fenhang.example/admin/" in message["text"]["content"]
    assert delivered(NINE) == Delivered(sent=4)
    made = {each["targets"][0]: key for key, each in server.contacts.messages.items()}
    first = server.contacts.messages[made["wr0"]]
    assert (first["sender"], first["text"], first["targets"]) == ("wang.clerk", "0群的朋友早上好！", ["wr0"])
    assert {row.answer["msgid"] for row in messages()} == set(made.values())
    # Too early to ask; then nobody has confirmed: all stays as it is, and is asked again.
    assert asked(NINE + timedelta(minutes=4), server) == 0 and questions(server) == 0
    assert asked(NINE + timedelta(minutes=5), server) == 0 and questions(server) == 4
    assert asked(NINE + timedelta(minutes=6), server) == 0 and questions(server) == 4
    assert {told(group) for group in groups} == {("due", "waiting", "")}
    # The owner confirms in WeCom; one he has confirmed here before, and WeCom knows better of another.
    moment = NINE + timedelta(minutes=7)
    with bank.nb_clerk.scope(at=moment) as scope:
        posts.confirm_post(scope=scope, post_id=post_of(groups[1]).pk)
    for chat, status in (("wr0", 1), ("wr1", 2), ("wr2", 3)):
        server.contacts.messages[made[chat]] |= {
            "sent_at": int(moment.timestamp()),
            "status": {chat: status},
        }
    server.desk.fail("errcode:42001")  # renewed once, and nothing is lost
    later = NINE + timedelta(minutes=12)
    assert asked(later, server) == 3
    assert [told(group) for group in groups] == [
        ("sent", "sent", ""),
        ("failed", "failed", "not_friend"),
        ("failed", "failed", "limit"),
        ("due", "waiting", ""),
    ]
    assert post_of(groups[0]).ended_at == moment
    # Once more, by two: harmless, and what is known is not asked for.
    before = questions(server)
    assert asked(later, server) == asked(later, server) == 0 and questions(server) == before
    with bank.operator.scope(at=later):
        assert Entry.objects.filter(verb="community.post.note_result").count() == 3
    # A reminder calls again; after three days WeCom is not asked any more.
    with system_scope(at=NINE + timedelta(hours=2), cause="test") as scope:
        assert remind_due(scope=scope) == 1
    calls = messages("wecom.message")
    assert len(calls) == 2 and calls[0].key == call.key != calls[1].key
    assert asked(NINE + timedelta(days=3, hours=1), server) == 0
    assert questions(server) == before + 1
    assert asked(NINE + timedelta(days=9), server) == 0 and questions(server) == before + 1
    assert told(groups[3]) == ("due", "waiting", "")


def test_what_wecom_does_not_take(bank: Cast, server: WeChatStandIn) -> None:
    [group] = chats(bank, server)
    swept(NINE)
    # Asked to wait, an error of the moment, no answer at all: kept, and tried again.
    at = NINE
    for fault, wait in (("errcode:45009", 61), ("errcode:-1", 60), ("http:502", 120)):
        server.desk.fail(fault)
        done = delivered(at)
        assert (done.sent, done.dead, done.later + done.returned) == (0, 0, 1), fault
        [row] = messages()
        assert (row.state, fault.rpartition(":")[2] in row.why["zh"]) == ("waiting", True)
        at += timedelta(seconds=wait)
        assert asked(NINE + timedelta(minutes=5), server) == 0
    assert server.contacts.messages == {} and told(group) == ("due", "waiting", "")
    at += timedelta(minutes=6)
    server.desk.fail("errcode:43101")
    assert delivered(at) == Delivered(dead=1)
    assert delivered(at + timedelta(hours=1)) == Delivered()
    assert asked(at + timedelta(minutes=30), server) == 1
    assert told(group) == ("failed", "failed", "wecom")
    assert questions(server) == 0


def test_failed_within_errcode_0_no_right_and_questions_that_fail(bank: Cast, server: WeChatStandIn) -> None:
    refused, forbidden, lost, stale = chats(bank, server, 4)
    swept(NINE)
    server.contacts.unreachable = {"wr0"}
    with system_scope(at=AT, cause="test"):
        keys = {group.pk: f"post:{post_of(group).pk}" for group in (refused, forbidden, lost, stale)}
        Message.objects.exclude(key=keys[forbidden.pk]).filter(adapter=GROUP_POSTS).update(
            ready_at=NINE + timedelta(minutes=1)
        )
    server.desk.fail("errcode:48002")
    assert delivered(NINE) == Delivered(dead=1)
    assert delivered(NINE + timedelta(minutes=1)) == Delivered(sent=2, dead=1)
    made = {each["targets"][0]: key for key, each in server.contacts.messages.items() if each["targets"]}
    server.contacts.messages.pop(made["wr2"])
    for n in range(1, 5):
        server.desk.fail(("errcode:45009", "http:500")[n % 2], times=2)
        asked(NINE + timedelta(minutes=6 * n), server)
        server.desk.next_fault()
    asked(NINE + timedelta(minutes=40), server)
    asked(NINE + timedelta(minutes=46), server)
    # In the list of failures; the app has no right, so that the owner sends by hand; a msgid that nobody knows.
    assert told(refused) == ("failed", "failed", "wecom")
    assert told(forbidden) == ("due", "waiting", "")
    assert told(lost) == ("due", "", "")
    assert told(stale) == ("due", "waiting", "")
    with bank.nb_clerk.scope(at=NINE + timedelta(hours=1)) as scope:
        posts.confirm_post(scope=scope, post_id=post_of(forbidden).pk)
    asked(NINE + timedelta(hours=2), server)
    assert told(forbidden) == ("sent", "", "")


def test_what_must_not_go_out_any_more_does_not(bank: Cast, server: WeChatStandIn) -> None:
    back, sent, late, nobody = chats(bank, server, 4)
    swept(NINE)
    with system_scope(at=NINE, cause="test") as scope:
        rows = Post.objects.within(scope).filter(pk=post_of(back).pk)
        assert posts.take_back_posts(scope=scope, posts=rows, why="recalled") == 1
        keys = [f"post:{post_of(each).pk}" for each in (late, nobody)]
        Message.objects.filter(key__in=keys).update(ready_at=local("2026-11-23 22:30"))
    with bank.nb_clerk.scope(at=NINE) as scope:
        posts.confirm_post(scope=scope, post_id=post_of(sent).pk)
    assert delivered(NINE + timedelta(minutes=1)) == Delivered(dead=2)
    with system_scope(at=NINE, cause="test"):
        Message.objects.filter(key=keys[1]).update(ready_at=NINE + timedelta(minutes=2))
        account = bank.nb_clerk.person.wecom_accounts.get()
    with system_scope(at=NINE, cause="test") as scope:
        end_account(scope=scope, account_id=account.pk)
    assert delivered(NINE + timedelta(minutes=2)) == Delivered(dead=1)
    assert delivered(local("2026-11-23 22:30")) == Delivered(dead=1)
    assert server.contacts.messages == {}
    assert asked(NINE + timedelta(minutes=6), server) == 0
    assert [told(each)[0] for each in (back, sent, late, nobody)] == ["back", "sent", "due", "due"]
    # By hand it was sent, and by hand it stays.
    assert told(sent) == ("sent", "", "")
    codes = {row.why["code"] for row in messages()}
    assert codes == {"community.post.is_over", "community.post.is_late", "jobs.message.no_addressee"}
    with system_scope(at=AT, cause="test"):
        assert not Gate.objects.filter(adapter=GROUP_POSTS, failures__gt=0).exists()


def test_what_wecom_cannot_carry_whole_is_sent_by_hand(bank: Cast, server: WeChatStandIn) -> None:
    [group] = chats(bank, server, text="有问题请打 13800138000")
    swept(NINE)
    assert told(group) == ("due", "", "")
    assert messages() == []
    assert asked(NINE + timedelta(minutes=6), server) == 0
