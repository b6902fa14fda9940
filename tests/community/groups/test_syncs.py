"""Groups follow WeCom: founded, renamed, joined, left, dissolved; by whatever way, any number of times."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction

from campaigns.customers.services.identities import link_identity
from campaigns.events.models import Event
from campaigns.lib.refusals import NotFound, Refusal
from campaigns.notices.models import Notice
from campaigns.tenants.scopes import system_scope
from community.groups.models import Group, Member
from community.groups.refusals import AccountIsTaken, GroupIsOfWeCom, SyncGoesOn
from community.groups.services.accounts import bind_account
from community.groups.services.chats import (
    Applied,
    apply_chat,
    claim_chats,
    note_chats,
    stop_chat,
)
from community.groups.services.groups import change_group, dissolve_group, end_member
from community.groups.services.members import add_members
from community.groups.services.syncs import ask_sync, fetch_chat, sync_groups
from community.groups.wecom_models import Chat, GroupSync
from config.standins.wechat import WeChatStandIn
from tests.community.groups.conftest import CORP, Clock, client_of, member, owners, seconds
from tests.support.cast import AT, Cast
from tests.support.races import together

JOINED = AT - timedelta(days=3)


def ask(clock: Clock) -> GroupSync:
    with system_scope(at=clock(), cause="test") as scope:
        return ask_sync(scope=scope)


def run(server: WeChatStandIn, clock: Clock) -> int:
    return sync_groups(wecom=client_of(server, clock), clock=clock)


def last_sync() -> GroupSync:
    with system_scope(at=AT, cause="test"):
        found: GroupSync = GroupSync.objects.first()
        return found


def spells(clock: Clock) -> list[tuple[str, Any, Any]]:
    with system_scope(at=clock(), cause="test"):
        rows = Member.objects.order_by("group__chat_id", "joined_at", "id")
        return [(m.group.chat_id, m.customer_id, m.left_at) for m in rows.select_related("group")]


def chats(server: WeChatStandIn) -> None:
    contacts = server.contacts
    contacts.add_chat(
        "wr-nb",
        owner="NB_Manager",
        name="宝妈理财群",
        notice="文明沟通",
        founded=seconds(AT - timedelta(days=9)),
        members=[
            member("@nb_manager", JOINED),
            member("wm-nb", JOINED, "union-nb"),
            member("wm-x", JOINED),
        ],
    )
    contacts.add_chat(
        "wr-sb",
        owner="sb_manager",
        name="",
        founded=seconds(JOINED),
        members=[member("wm-sb", JOINED, "union-sb")],
    )
    contacts.add_chat("wr-zz", owner="stranger", name="无主群", founded=seconds(JOINED), members=[])


def test_groups_follow_wecom(cast: Cast, server: WeChatStandIn, clock: Clock) -> None:
    owners(cast)
    chats(server)
    ask(clock)
    with pytest.raises(SyncGoesOn):
        ask(clock)
    assert run(server, clock) == 3
    done = last_sync()
    assert (done.state, done.listed, done.fetched, done.founded, done.joined) == ("done", 3, 3, 2, 3)
    who = {name: cast.customers[name].customer.pk for name in ("nb", "sb")}
    assert sorted(spells(clock), key=str) == sorted(
        [("wr-nb", who["nb"], None), ("wr-nb", None, None), ("wr-sb", who["sb"], None)], key=str
    )
    with system_scope(at=AT, cause="test"):
        groups = {g.chat_id: g for g in Group.objects.select_related("owner", "branch")}
        nb = groups["wr-nb"]
        assert (nb.name, nb.notice, nb.owner, nb.branch.code) == (
            "宝妈理财群",
            "文明沟通",
            cast.nb_manager.person,
            "NB",
        )
        assert (nb.member_count, nb.staff_count, nb.in_it) == (2, 1, 3)
        assert (groups["wr-sb"].name, groups["wr-sb"].branch.code) == ("未命名社群", "SB")
        assert Member.objects.get(customer=who["nb"]).joined_at == JOINED
        # Told of the customers whom the bank knows, with the moment of joining.
        joined = Event.objects.filter(kind="community.group.joined").order_by("customer_id")
        assert sorted((e.customer_id, e.subject, e.at) for e in joined) == sorted(
            (who[name], f"community.group:{groups[f'wr-{name}'].pk}", JOINED) for name in who
        )
        # Nobody's user id: no group, and the words why.
        lost = Chat.objects.get(chat_id="wr-zz")
        assert "stranger" in lost.why["zh"] and "stranger" in lost.why["en"]
    # Once more with nothing changed: nothing changes.
    before = spells(clock)
    ask(clock)
    run(server, clock)
    assert spells(clock) == before
    again = last_sync()
    assert (again.founded, again.joined, again.left, again.dissolved) == (0, 0, 0, 0)

    # Somebody leaves, somebody comes back, one comes to be known; name and owner change; one group is no more.
    clock.go(hours=2)
    back = clock() - timedelta(minutes=30)
    server.contacts.chats["wr-nb"] |= {
        "name": "新名字",
        "owner": "sb_manager",
        "member_list": [member("wm-x", JOINED), member("wm-nb", back, "union-nb"), member("wm-n2", back)],
    }
    server.contacts.dissolved.add("wr-sb")
    del server.contacts.chats["wr-sb"]
    with system_scope(at=clock(), cause="test") as scope:
        link_identity(
            scope=scope,
            customer_id=cast.customers["nb2"].customer.pk,
            kind="external_userid",
            value="wm-x",
            app=CORP,
            source="wecom",
        )
        bind_account(scope=scope, person_id=cast.nb_editor.person.pk, userid="stranger")
    ask(clock)
    run(server, clock)
    with system_scope(at=clock(), cause="test"):
        nb = Group.objects.select_related("owner", "branch").get(chat_id="wr-nb")
        # The group stays with its branch, whoever owns it.
        assert (nb.name, nb.owner, nb.branch.code) == ("新名字", cast.sb_manager.person, "NB")
        assert nb.staff_count == 0 and nb.member_count == 3
        mine = Member.objects.filter(group=nb, customer=who["nb"]).order_by("joined_at")
        assert [(m.joined_at, m.left_at) for m in mine] == [(JOINED, back), (back, None)]
        assert Member.objects.get(customer=cast.customers["nb2"].customer).joined_at == JOINED
        assert Event.objects.filter(kind="community.group.joined").count() == 4
        sb = Group.objects.get(chat_id="wr-sb")
        assert sb.dissolved_at == clock() and sb.member_count == 0
        assert Group.objects.get(chat_id="wr-zz").owner == cast.nb_editor.person
        assert Chat.objects.get(chat_id="wr-zz").why == {}
    assert last_sync().dissolved == 1
    # What comes from WeCom is changed there; what is ours here.
    with cast.nb_manager.scope(at=clock()) as scope:
        for act in (
            lambda: dissolve_group(scope=scope, group_id=nb.pk),
            lambda: add_members(scope=scope, group_id=nb.pk, named=[cast.customers["nb"].number]),
            lambda: end_member(scope=scope, member_id=mine[1].pk),
            lambda: change_group(
                scope=scope,
                group_id=nb.pk,
                name="我的群",
                owner_id=nb.owner_id,
                kind_code="",
                capacity=200,
                notice=nb.notice,
            ),
        ):
            with pytest.raises(GroupIsOfWeCom), transaction.atomic():
                act()
        same = {"name": nb.name, "owner_id": nb.owner_id, "notice": nb.notice, "kind_code": ""}
        assert change_group(scope=scope, group_id=nb.pk, capacity=300, **same).capacity == 300
        # The branch sees its own, and neither chats nor runs of head office.
        assert list(Group.objects.within(scope).values_list("chat_id", flat=True).order_by("chat_id")) == [
            "wr-nb",
            "wr-zz",
        ]
        assert not Chat.objects.exists() and not GroupSync.objects.exists()
        with pytest.raises(Refusal):
            fetch_chat(scope=scope, chat_id=lost.pk)
    with cast.customers["sb"].scope(at=clock()):
        assert not Group.objects.exists(), "left with the group"
    with cast.customers["nb"].scope(at=clock()):
        assert [g.name for g in Group.objects.all()] == ["新名字"]


def test_trouble_on_the_way_is_told_and_mended(cast: Cast, server: WeChatStandIn, clock: Clock) -> None:
    owners(cast)
    chats(server)
    ask(clock)
    # The list breaks off on its second page: the run goes on there, and nothing is listed twice.
    server.desk.fail("path:/groupchat/get:errcode:45009")
    wecom = client_of(server, clock)
    first = wecom.list_chats()
    assert first.cursor == "c2"
    server.contacts.page = 1
    server.desk.fail("path:/groupchat/list:http:502")
    run(server, clock)
    waiting = last_sync()
    assert waiting.state == "listing" and "502" in waiting.why["zh"] and waiting.tries == 1
    clock.go(seconds=11)
    run(server, clock)
    stands = last_sync()
    # One group is put off for a minute; the others are there, and the run is not over.
    assert (stands.state, stands.listed, stands.fetched, stands.why) == ("fetching", 3, 2, {})
    with system_scope(at=clock(), cause="test"):
        [late] = Chat.objects.filter(due_at__isnull=False)
        assert late.due_at == clock() + timedelta(seconds=60) and "45009" in late.why["en"]
    clock.go(seconds=61)
    run(server, clock)
    assert last_sync().state == "done"
    # What WeCom refuses for good stands still, and is told; what we may not ask ends the run, and is told once.
    ask(clock)
    server.desk.fail("path:/groupchat/get:errcode:40058")
    run(server, clock)
    with system_scope(at=clock(), cause="test"):
        stuck = Chat.objects.get(is_stuck=True)
        assert "40058" in stuck.why["zh"]
    assert last_sync().state == "done"
    with cast.ho_administrator.scope(at=clock()) as scope:
        fetch_chat(scope=scope, chat_id=stuck.pk)
    assert run(server, clock) == 1
    clock.go(minutes=5)
    for fault in ("path:/groupchat/get:errcode:60020", "path:/groupchat/list:errcode:48002"):
        ask(clock)
        server.desk.fail(fault)
        run(server, clock)
        failed = last_sync()
        assert failed.state == "failed" and fault[-5:] in failed.why["zh"], fault
        clock.go(minutes=61)
    with cast.ho_administrator.scope(at=clock()) as scope:
        [told] = Notice.objects.filter(
            code="community.sync_failed", person_id=cast.ho_administrator.person.pk
        )
    assert "可信 IP" in told.args["why"]
    # A list that never comes fails after a while, and a new one may be asked for.
    ask(clock)
    server.desk.fail("path:/groupchat/list:errcode:-1", times=8)
    for _again in range(8):
        run(server, clock)
        clock.go(hours=1)
    assert last_sync().state == "failed"
    # Without WeCom nothing is asked, and nothing fails.
    assert sync_groups(wecom=client_of(server, clock, corp=""), clock=clock) == 0


def test_a_user_id_is_one_persons_in_the_whole_bank(cast: Cast, server: WeChatStandIn, clock: Clock) -> None:
    owners(cast)
    boss = cast.ho_administrator
    with boss.scope() as scope:
        with pytest.raises(AccountIsTaken), transaction.atomic():
            bind_account(scope=scope, person_id=cast.nb_editor.person.pk, userid=" NB_manager ")
        with pytest.raises(Refusal), transaction.atomic():
            bind_account(scope=scope, person_id=cast.nb_editor.person.pk, userid="两个 字")
        # Another one for the same person takes the place of the first, which is free then.
        bind_account(scope=scope, person_id=cast.nb_manager.person.pk, userid="manager2")
        bind_account(
            scope=scope,
            person_id=cast.nb_editor.person.pk,
            userid="nb_manager",
            branch_id=cast.branch["N"].pk,
        )
    with (
        cast.nb_manager.scope(),
        pytest.raises(Exception, match="permission denied"),
        transaction.atomic(),
        connections["default"].cursor() as cursor,
    ):
        cursor.execute("UPDATE community_wecomaccount SET userid = 'x'")
    with cast.nb_manager.scope() as scope, pytest.raises(Refusal):
        bind_account(scope=scope, person_id=cast.nb_manager.person.pk, userid="mine")
    with boss.scope(stand_at=cast.branch["S"].pk) as scope, pytest.raises(NotFound):
        bind_account(scope=scope, person_id=cast.nb_manager.person.pk, userid="mine")


@pytest.mark.commits
def test_two_who_fetch_at_once_write_once(committed_cast: Cast, server: WeChatStandIn, clock: Clock) -> None:
    """Many runs side by side; the control holds nothing, and writes the same members twice."""
    cast = committed_cast
    owners(cast)
    server.contacts.page = 50
    for n in range(12):
        server.contacts.add_chat(
            f"wr{n:02d}",
            owner="nb_manager",
            name=f"群{n}",
            founded=seconds(JOINED),
            members=[member(f"wm{n}-{m}", JOINED) for m in range(5)],
        )
    ask(clock)
    results = together([lambda: run(server, clock)] * 4)
    assert all(isinstance(each, int) for each in results), results
    # Who came last may have seen another's lot in hands: the next run ends what is left.
    run(server, clock)
    assert sum(results) == 12
    with system_scope(at=AT, cause="test"):
        assert Group.objects.count() == 12 and Member.objects.count() == 60
        assert set(Group.objects.values_list("member_count", flat=True)) == {5}
    assert (last_sync().state, last_sync().fetched, last_sync().joined) == ("done", 12, 60)
    # An answer that comes late is written by nobody.
    wecom = client_of(server, clock)
    with system_scope(at=clock(), cause="test") as scope:
        note_chats(scope=scope, chat_ids=["wr00"])
        [slow] = claim_chats(scope=scope, many=5)
    old = wecom.chat("wr00")
    server.contacts.chats["wr00"]["member_list"] = []
    clock.go(minutes=3)
    with system_scope(at=clock(), cause="test") as scope:
        [heir] = claim_chats(scope=scope, many=5)
        # Noted while it is being fetched: it is fetched once more.
        note_chats(scope=scope, chat_ids=["wr00"])
    with system_scope(at=clock(), cause="test") as scope:
        assert apply_chat(scope=scope, held=heir, detail=wecom.chat("wr00"), corp=CORP) == Applied(left=5)
        assert not apply_chat(scope=scope, held=slow, detail=old, corp=CORP).is_ours
        assert not stop_chat(scope=scope, held=slow, why={})
        assert [each.chat_id for each in claim_chats(scope=scope, many=5)] == ["wr00"]
        assert Group.objects.get(chat_id="wr00").member_count == 0

    # The control: the same answer written by two who hold nothing.
    def unguarded() -> int:
        with system_scope(at=clock(), cause="test"):
            group = Group.objects.get(chat_id="wr00")
            known = set(Member.objects.filter(group=group, left_at=None).values_list("person_key", flat=True))
            if "k" not in known:
                with connections["default"].cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(0.1)")
                Member.objects.create(
                    branch_id=group.branch_id,
                    branch_pos=group.branch_pos,
                    group=group,
                    person_key="k",
                    joined_at=clock(),
                )
            return 1

    assert [type(each) for each in together([unguarded] * 2)].count(IntegrityError) == 1
