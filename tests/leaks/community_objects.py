"""The community's things of tests/leaks/objects.py."""

from campaigns.tenants.scopes import system_scope
from community.groups.entry_models import EntryShows
from community.groups.models import Group
from community.groups.services.accounts import bind_account
from community.groups.services.entries import add_code, add_line, set_place
from community.groups.services.groups import add_group, add_member
from community.groups.services.healths import judge_groups, note_sign
from community.groups.wecom_models import Chat, GroupSync
from tests.leaks.world import PLACES, World
from tests.support.cast import AT


def plant_groups(world: World) -> None:
    """At every place, by its maker: groups with members, a code in front of one, a user id, and what WeCom told."""
    for place in PLACES:
        maker, branch = world.makers[place], world.cast.branch[place]
        with maker.scope() as scope:
            group, spare = (
                add_group(scope=scope, name=name, owner_id=maker.person.pk) for name in ("宝妈群", "二群")
            )
            note_sign(scope=scope, group_id=group.pk, note="打卡")
            code = add_code(scope=scope, title="入群")
            line = add_line(scope=scope, code_id=code.pk, group_id=group.pk, link="https://example.test/g")
            account = bind_account(scope=scope, person_id=maker.person.pk, userid=f"u{place}")
            spot = set_place(scope=scope, branch_id=branch.pk, lat_micro=39_900_000, lon_micro=116_400_000)
        world.add("community.group", place, group.pk)
        world.add("community.spare_group", place, spare.pk)
        world.add("community.entrycode", place, code.pk)
        world.add("community.entrygroup", place, line.pk)
        world.add("community.wecomaccount", place, account.pk)
        world.add("community.branchplace", place, spot.pk)
        with system_scope(at=AT, cause="leaks") as scope:
            # The customer who asks is in the group at home alone.
            who = world.cast.customers["nb" if place == "NB" else "sb"].customer
            member = add_member(scope=scope, group_id=group.pk, customer_id=who.pk)
            world.add("community.member", place, member.pk)
            # Such rows are head office's; here each branch has one, so that the pages are asked about a neighbour's.
            own = {"branch": branch, "branch_pos": branch.pos}
            chat = Chat.objects.create(
                **own, chat_id=f"wr{place}", name="企微群", why={"zh": "原因", "en": "why"}
            )
            sync = GroupSync.objects.create(
                **own, asked_at=AT, ready_at=AT, ended_at=AT, state=GroupSync.State.DONE, asked_by_name="王敏"
            )
        world.add("community.chat", place, chat.pk)
        world.add("community.groupsync", place, sync.pk)
    with system_scope(at=AT, cause="leaks") as scope:
        judge_groups(scope=scope)
        assert Group.objects.count() >= 2 * len(PLACES)
        assert not EntryShows.objects.exists()
