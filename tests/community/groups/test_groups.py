"""Groups kept by hand, entry codes, health, and what follows people, branches and customers; on one built world."""

import io
from datetime import time, timedelta
from typing import Any

import pytest
from django.db import transaction
from openpyxl import Workbook

from campaigns.audit.models import Entry
from campaigns.customers.models import Customer, Merge
from campaigns.customers.services.merges import merge_customers, unmerge_customers
from campaigns.jobs.outbox_models import Message
from campaigns.lib.refs import read_ref
from campaigns.lib.refusals import NotAllowed, NotFound, Refusal
from campaigns.notices.models import Notice
from campaigns.tenants.scopes import system_scope
from campaigns.tenants.services.leaving import leave
from community.groups.entry_models import EntryCode, EntryShows
from community.groups.following import forget_members, tell_members
from community.groups.health_models import GroupHealth, OwnerFigures
from community.groups.member_files import named_in_file, named_in_text
from community.groups.models import Group, Member
from community.groups.refusals import (
    CodeIsClosed,
    CodeIsFull,
    CodeIsWrong,
    GroupIsDissolved,
    GroupIsInCode,
    MemberIsIn,
    MembersNotNamed,
    NoneNear,
    OwnerIsElsewhere,
    PlaceIsKnown,
    PlaceIsWrong,
    PositionNeeded,
)
from community.groups.rules import Flow, health_of
from community.groups.selectors import groups_of_customer
from community.groups.services.accounts import bind_account
from community.groups.services.entries import (
    add_code,
    add_line,
    change_code,
    close_code,
    end_line,
    move_place,
    picture_of_line,
    put_first,
    set_place,
    show_code,
)
from community.groups.services.groups import add_group, add_member, dissolve_group, end_member
from community.groups.services.healths import fetch_figures, judge_groups, note_sign
from community.groups.services.join_ways import make_join_ways, tell_full_codes
from community.groups.services.kinds import add_kind, change_kind
from community.groups.services.members import add_members
from community.groups.services.syncs import ask_sync, sync_groups
from community.groups.signs import register_sign
from config.standins.wechat import WeChatStandIn
from tests.community.groups.conftest import Clock, client_of, member, owners, seconds
from tests.support.cast import AT, Cast, hired
from tests.support.customers import anonymous

LINK = "https://example.test/join"


def made(cast: Cast, name: str = "职场新人攒钱群", by: str = "nb_manager", **more: Any) -> Group:
    player = cast.play(by)
    with player.scope() as scope:
        return add_group(scope=scope, name=name, owner_id=player.person.pk, **more)


def refused(kind: type[Exception], act: Any) -> None:
    with pytest.raises(kind), transaction.atomic():
        act()


def test_members_by_hand_from_a_list(cast: Cast) -> None:
    group = made(cast, capacity=2)
    numbers = {name: player.number for name, player in cast.customers.items()}
    cells = [numbers["nb"], "", numbers["sb"], "no such", numbers["nb"], numbers["nb2"]]
    with cast.nb_manager.scope() as scope:
        said = add_members(scope=scope, group_id=group.pk, named=cells)
        assert said.count == 2
        # Somebody of another branch is answered like nobody.
        assert [(row.row, row.why.code) for row in said.refused] == [
            (3, "community.member.unknown"),
            (4, "community.member.unknown"),
            (5, "community.member.is_in"),
        ]
        assert all(numbers["sb"] not in row.cell for row in said.refused)
        group.refresh_from_db()
        assert group.member_count == 2
        again = add_members(scope=scope, group_id=group.pk, named=[numbers["nb"]])
        assert (again.count, again.refused[0].why.code) == (0, "community.member.is_in")
        refused(MembersNotNamed, lambda: add_members(scope=scope, group_id=group.pk, named=["", " "]))
        refused(MembersNotNamed, lambda: add_members(scope=scope, group_id=group.pk, named=["1"] * 501))
        # Out, and nobody twice: also when the key is another one's.
        first = Member.objects.get(group=group, customer=cast.customers["nb"].customer)
        end_member(scope=scope, member_id=first.pk)
        refused(NotFound, lambda: end_member(scope=scope, member_id=first.pk))
        add_member(scope=scope, group_id=group.pk, customer_id=cast.customers["nb"].customer.pk)
        dissolve_group(scope=scope, group_id=group.pk)
        refused(GroupIsDissolved, lambda: add_members(scope=scope, group_id=group.pk, named=[numbers["nb"]]))
        verbs = set(
            Entry.objects.filter(subject=f"community.group:{group.pk}").values_list("verb", flat=True)
        )
        assert verbs >= {"community.group.add", "community.member.add", "community.member.end"}
        refused(
            OwnerIsElsewhere,
            lambda: add_group(scope=scope, name="群", owner_id=cast.sb_manager.person.pk),
        )
    with cast.nb_editor.scope() as scope:
        refused(NotAllowed, lambda: add_members(scope=scope, group_id=group.pk, named=["1"]))
    with cast.ho_administrator.scope() as scope:
        kind = add_kind(scope=scope, code="saver", name="攒钱群")
        refused(Refusal, lambda: add_kind(scope=scope, code="saver", name="攒钱群"))
        change_kind(scope=scope, code=kind.pk, name="攒钱打卡群", name_en="Savers", is_active=False)
    with cast.ho_administrator.scope(stand_at=cast.branch["N"].pk) as scope:
        refused(Refusal, lambda: add_kind(scope=scope, code="other", name="其他"))


def test_a_list_is_read_whatever_wrote_it() -> None:
    assert named_in_text("N-1，N-2\n\nN-3; N-4\t138 0000") == ["N-1", "N-2", "N-3", "N-4", "138", "0000"]
    assert named_in_file("姓名,客户号\n王,N-1\n李,N-2\n".encode("gb18030")) == ["N-1", "N-2"]
    assert named_in_file(b"N-1\nN-2\n") == ["N-1", "N-2"]
    assert named_in_file("客户\nN-1\n".encode("utf-8-sig")) == ["N-1"]
    book, out = Workbook(), io.BytesIO()
    for row in (["手机号", "备注"], ["13800138000", "x"]):
        book.active.append(row)
    book.save(out)
    assert named_in_file(out.getvalue()) == ["13800138000"]
    for hostile in (
        b"",
        b"PK\x03\x04 broken",
        b"\xff\xfe\x00",
        b'"open quote',
        b"1\n" * 501,
        b"1" * 2_000_000,
    ):
        with pytest.raises(MembersNotNamed):
            named_in_file(hostile)


def test_entry_codes_rotate_and_find_the_nearest(cast: Cast, server: WeChatStandIn, clock: Clock) -> None:
    first, second = made(cast, "一群"), made(cast, "二群")
    owners(cast)
    server.contacts.add_chat(
        "wr1", owner="nb_manager", name="企微群", founded=seconds(AT), members=[member("wm1", AT)]
    )
    with system_scope(at=AT, cause="test") as scope:
        ask_sync(scope=scope)
    sync_groups(wecom=client_of(server, clock), clock=clock)
    with cast.nb_manager.scope() as scope:
        theirs = Group.objects.get(chat_id="wr1")
        code = add_code(scope=scope, title="加入理财群", says="每日一学")
        lines = [
            add_line(
                scope=scope, code_id=code.pk, group_id=group.pk, most_members=2, link=LINK + str(n), **more
            )
            for n, (group, more) in enumerate([(first, {"most_shows": 3}), (second, {}), (theirs, {})])
        ]
        refused(GroupIsInCode, lambda: add_line(scope=scope, code_id=code.pk, group_id=first.pk, link=LINK))
        third = made(cast, "三群")
        for wrong in (
            {"link": "http://plain.test"},
            {"link": LINK, "most_members": 501},
            {"link": LINK, "from_time": time(8)},
        ):
            refused(
                CodeIsWrong,
                lambda wrong=wrong: add_line(scope=scope, code_id=code.pk, group_id=third.pk, **wrong),
            )
        refused(
            CodeIsWrong,
            lambda: change_code(scope=scope, code_id=code.pk, title=" ", says="", kind_code="", radius_m=500),
        )

    def shown(at: Any = AT, **more: Any) -> str:
        return show_code(slug=code.slug, at=at, **more).group_name

    # Three shows, then the next; looking without counting counts nothing.
    assert [shown() for _n in range(2)] == ["一群", "一群"]
    assert shown(is_counted=False) == "一群" and shown() == "一群" and shown() == "二群"
    with cast.nb_manager.scope() as scope:
        assert sum(EntryShows.objects.filter(line=lines[0]).values_list("many", flat=True)) == 3
        # Full by members: on to the group of WeCom, once WeCom has drawn its QR.
        for name in ("nb", "nb2"):
            add_member(scope=scope, group_id=second.pk, customer_id=cast.customers[name].customer.pk)
    with pytest.raises(CodeIsFull):
        shown()
    with system_scope(at=AT, cause="test") as scope:
        assert tell_full_codes(scope=scope) == 0, "WeCom's has room"
    server.desk.fail("path:/groupchat/add_join_way:http:500")
    assert make_join_ways(wecom=client_of(server, clock), clock=clock) == 0
    clock.go(minutes=3)
    assert make_join_ways(wecom=client_of(server, clock), clock=clock) == 1
    assert make_join_ways(wecom=client_of(server, clock), clock=clock) == 0
    seen = show_code(slug=code.slug, at=AT)
    assert seen.group_name == "企微群" and seen.qr.startswith(b"\x89PNG")
    assert picture_of_line(slug=code.slug, line_id=seen.line_id, at=AT)[0] == seen.qr
    with pytest.raises(NotFound):
        picture_of_line(slug="a" * 16, line_id=seen.line_id, at=AT)
    # One more joins there: all are full, and the owner of the last is told once.
    server.contacts.chats["wr1"]["member_list"].append(member("wm2", AT))
    with system_scope(at=clock(), cause="test") as scope:
        ask_sync(scope=scope)
    sync_groups(wecom=client_of(server, clock), clock=clock)
    with pytest.raises(CodeIsFull):
        shown()
    with cast.nb_manager.scope() as scope:
        add_members(scope=scope, group_id=first.pk, named=[cast.customers[n].number for n in ("nb", "nb2")])
    for told in (1, 0):
        with system_scope(at=AT, cause="test") as scope:
            assert tell_full_codes(scope=scope) == told
    with cast.nb_manager.scope() as scope:
        assert Notice.objects.filter(code="community.entry_full").count() == 1
        # By the clock of the branch: from eight to nine in the morning, which is midnight to one in UTC.
        add_line(
            scope=scope, code_id=code.pk, group_id=third.pk, link=LINK, from_time=time(8), until_time=time(9)
        )
    assert shown(at=AT.replace(hour=0, minute=30)) == "三群"
    for hour, minute in ((1, 0), (23, 59)):
        with pytest.raises(CodeIsFull):
            shown(at=AT.replace(hour=hour, minute=minute))

    # The nearest branch: refused without a position, and with one that is far from every branch.
    with cast.ho_administrator.scope() as scope:
        refused(NotAllowed, lambda: add_code(scope=scope, title="最近网点"))
    boss = hired(cast, "community_operator", "HO")
    with boss.scope() as scope:
        near = add_code(scope=scope, title="附近的群", picks=EntryCode.Picks.NEAREST, radius_m=20_000)
        refused(CodeIsWrong, lambda: add_line(scope=scope, code_id=near.pk, group_id=third.pk, link=LINK))
        nb_place = set_place(
            scope=scope, branch_id=cast.branch["NB"].pk, lat_micro=39_900_000, lon_micro=116_400_000
        )
        set_place(scope=scope, branch_id=cast.branch["SB"].pk, lat_micro=39_990_000, lon_micro=116_400_000)
        refused(
            PlaceIsKnown,
            lambda: set_place(scope=scope, branch_id=cast.branch["SB"].pk, lat_micro=1, lon_micro=1),
        )
        refused(
            PlaceIsWrong,
            lambda: move_place(scope=scope, place_id=nb_place.pk, lat_micro=91_000_000, lon_micro=0),
        )
    south = made(cast, "南群", by="sb_manager")
    with cast.sb_manager.scope() as scope:
        other = add_code(scope=scope, title="南城群")
        south_line = add_line(scope=scope, code_id=other.pk, group_id=south.pk, link=LINK)
    here = (39_901_000, 116_400_000)
    with pytest.raises(PositionNeeded):
        show_code(slug=near.slug, at=AT)
    # NB is nearer and takes nobody now; SB is within the radius: 10 km, and 9.9 km from here.
    found = show_code(slug=near.slug, at=AT, position=here)
    assert (found.group_name, found.branch_name) == ("南群", cast.branch["SB"].name)
    assert 9_850 < (found.metres or 0) < 9_950
    morning = AT.replace(hour=0, minute=30)
    assert show_code(slug=near.slug, at=morning, position=here).group_name == "三群"
    with pytest.raises(NoneNear):
        show_code(slug=near.slug, at=AT, position=(31_000_000, 121_000_000))
    # Nothing that was asked is kept: no column of any table of ours is the position.
    with cast.sb_manager.scope() as scope:
        assert EntryShows.objects.filter(line=south_line).count() >= 1
        end_line(scope=scope, code_id=other.pk, line_id=south_line.pk)
        refused(NotFound, lambda: end_line(scope=scope, code_id=other.pk, line_id=south_line.pk))
        refused(NotFound, lambda: close_code(scope=scope, code_id=code.pk))
    with pytest.raises(NoneNear):
        show_code(slug=near.slug, at=AT, position=here)
    with cast.nb_manager.scope() as scope:
        put_first(scope=scope, code_id=code.pk, line_id=lines[1].pk)
        close_code(scope=scope, code_id=code.pk)
        refused(CodeIsClosed, lambda: put_first(scope=scope, code_id=code.pk, line_id=lines[1].pk))
    for slug in (code.slug, "a" * 16, "'; DROP", "ü" * 16):
        with pytest.raises(NotFound):
            show_code(slug=slug, at=AT)


def test_health_is_what_the_rule_says(cast: Cast, server: WeChatStandIn, clock: Clock) -> None:
    assert health_of(flow=Flow(95, 0, 0, 0, 5), silent_days=0) == "leaving"
    assert health_of(flow=Flow(96, 0, 0, 0, 4), silent_days=0) == "healthy"
    assert health_of(flow=Flow(95, 0, 5, 5, 5), silent_days=14) == "silent"
    assert health_of(flow=Flow(0, 0, 0, 0, 0), silent_days=13) == "healthy"
    lively, quiet = made(cast, "一群"), made(cast, "二群", founded_at=AT - timedelta(days=40))
    shrinking = made(cast, "三群", founded_at=AT - timedelta(days=60))
    who = cast.customers["nb"].customer.pk
    with cast.nb_manager.scope(at=AT - timedelta(days=35)) as scope:
        for customer in (who, cast.customers["nb2"].customer.pk):
            add_member(scope=scope, group_id=shrinking.pk, customer_id=customer)
        gone = Member.objects.get(group=shrinking, customer_id=who)
    with cast.nb_manager.scope() as scope:
        end_member(scope=scope, member_id=gone.pk)
        add_member(scope=scope, group_id=lively.pk, customer_id=who)
        refused(NotAllowed, lambda: judge_groups(scope=scope))
    owners(cast)
    server.contacts.add_chat("wr1", owner="nb_manager", name="企微群", founded=seconds(AT), members=[])
    server.contacts.statistics["nb_manager"] = {"chat_total": 1, "chat_has_msg": 1, "msg_total": 7}
    server.contacts.replies["nb_manager"] = 9
    with system_scope(at=AT, cause="test") as scope:
        ask_sync(scope=scope)
    sync_groups(wecom=client_of(server, clock), clock=clock)
    for _twice in range(2):
        assert fetch_figures(wecom=client_of(server, clock), clock=clock) == 1
        with system_scope(at=AT, cause="test") as scope:
            last = judge_groups(scope=scope)
            assert last is not None and judge_groups(scope=scope, after=last) is None
    with cast.nb_manager.scope() as scope:
        assert OwnerFigures.objects.get().messages == 7
        rows = {row.group_id: row for row in GroupHealth.objects.all()}
        assert (rows[lively.pk].word, rows[lively.pk].joined_7, rows[lively.pk].reply_minutes) == (
            "healthy",
            1,
            9,
        )
        assert (rows[quiet.pk].word, rows[quiet.pk].silent_days) == ("silent", 40)
        found = rows[shrinking.pk]
        assert (found.word, found.members, found.left_30, found.silent_days) == ("leaving", 1, 1, 35)
        assert len(rows) == 4 and Group.objects.get(pk=quiet.pk).health == "silent"
        # Somebody saw that it is alive; a room above knows it of another.
        note_sign(scope=scope, group_id=quiet.pk, note="晚间打卡")
    alive = AT - timedelta(days=2)
    register_sign("test", last=lambda *, scope, group_ids: {g: alive for g in group_ids if g == shrinking.pk})
    with system_scope(at=AT, cause="test") as scope:
        judge_groups(scope=scope)
        assert Group.objects.get(pk=quiet.pk).health == "healthy"
        assert GroupHealth.objects.get(group=shrinking).silent_days == 2


def test_groups_follow_people_and_customers(cast: Cast, server: WeChatStandIn, clock: Clock) -> None:
    owners(cast)
    heir = hired(cast, "branch_manager", "NB", "heir")
    group = made(cast)
    server.contacts.add_chat("wr1", owner="nb_manager", name="企微群", founded=seconds(AT),
                             members=[member("wm1", AT, "union-nb2"), member("wm2", AT, "union-nb")])  # fmt: skip
    with system_scope(at=AT, cause="test") as scope:
        ask_sync(scope=scope)
    sync_groups(wecom=client_of(server, clock), clock=clock)
    kept = cast.customers["nb"].customer
    with system_scope(at=AT, cause="test") as scope:
        absorbed = Customer.objects.get(pk=anonymous(scope, cast, "NB", "openid-2"))
        lonely = Member.objects.get(group__chat_id="wr1", customer=cast.customers["nb2"].customer)
        Member.objects.filter(pk=lonely.pk).update(customer=absorbed)
    far = made(cast, "南群", by="sb_manager")
    with system_scope(at=AT, cause="test") as scope:
        for who in (kept, absorbed):
            add_member(scope=scope, group_id=group.pk, customer_id=who.pk)
        # In a group of a branch that whoever merges does not see.
        add_member(scope=scope, group_id=far.pk, customer_id=absorbed.pk)
        merge_customers(scope=scope, kept=kept.pk, absorbed=absorbed.pk, why={})
    with system_scope(at=AT, cause="test"):
        assert not Member.objects.filter(customer=absorbed).exists()
        spells = list(Member.objects.filter(customer=kept).select_related("group"))
        # Twice by hand is once; twice in WeCom are two accounts of theirs.
        assert sorted((s.group.name, s.left_at is None) for s in spells) == [
            ("企微群", True),
            ("企微群", True),
            ("南群", True),
            ("职场新人攒钱群", False),
            ("职场新人攒钱群", True),
        ]
    with cast.nb_manager.scope() as scope:
        refused(MemberIsIn, lambda: add_member(scope=scope, group_id=group.pk, customer_id=kept.pk))
    with system_scope(at=AT, cause="test") as scope:
        unmerge_customers(scope=scope, merge_id=Merge.objects.get().pk, why="test")
        assert Member.objects.filter(customer=absorbed, left_at=None).count() == 2
    # Who leaves hands groups over, in WeCom too; the next look at WeCom does not give them back.
    with cast.ho_administrator.scope() as scope:
        bind_account(scope=scope, person_id=heir.person.pk, userid="heir")
        done = leave(scope=scope, person_id=cast.nb_manager.person.pk, successor_id=heir.person.pk)
    assert done["community: groups"] == 2
    with heir.scope() as scope:
        assert set(Group.objects.filter(owner=heir.person).values_list("name", flat=True)) == {
            "企微群",
            "职场新人攒钱群",
        }
        sent = Message.objects.get(adapter="wecom.groups")
        assert sent.body == {"chat_id_list": ["wr1"], "new_owner": "heir"}
    with system_scope(at=AT, cause="test") as scope:
        ask_sync(scope=scope)
    sync_groups(wecom=client_of(server, clock), clock=clock)
    with heir.scope():
        assert Group.objects.get(chat_id="wr1").owner_id == heir.person.pk
    # Who is forgotten is in no group that is kept by hand, and in WeCom's as somebody whom the bank does not know.
    with system_scope(at=AT, cause="test") as scope:
        touched = forget_members(scope=scope, customer=absorbed)
        assert len(touched) == 3
        left = Member.objects.filter(pk__in=[read_ref(each).id for each in touched]).select_related("group")
        assert {(m.group.source, m.customer_id, m.left_at) for m in left} == {
            ("hand", None, AT),
            ("wecom", None, None),
        }
        assert absorbed.pk.hex not in {m.person_key for m in left}
        told = list(tell_members(scope=scope, customer_id=kept.pk))
        assert {row["group"] for _table, row in told} == {"企微群", "职场新人攒钱群"}
    # What the customer sees: one's own groups, and nobody else's.
    with cast.customers["nb"].scope() as scope:
        assert sorted(g.name for g in groups_of_customer(scope=scope)) == ["企微群", "职场新人攒钱群"]
        assert Group.objects.filter(pk=far.pk).count() == 0
        assert Member.objects.exclude(customer=kept).count() == 0
