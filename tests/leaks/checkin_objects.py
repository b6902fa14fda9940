"""Check-ins of tests/leaks/objects.py: at each place a group with its programme, and what its members did."""

from datetime import timedelta

from campaigns.customers.scopes import customer_scope
from campaigns.lib.clock import now
from community.checkins.services.checkins import Shown, check_in
from community.groups.services.groups import add_group, add_member
from tests.leaks.world import PLACES, World
from tests.support.cast import AT
from tests.support.checkins import draft_programme, live_programme


def plant_checkins(world: World) -> None:
    """A draft and a live programme at each place; each customer is in a group and has checked in with a picture."""
    days = {"first_day": AT.date() - timedelta(days=5), "last_day": now().date() + timedelta(days=300)}
    for place in PLACES:
        maker = f"maker_{place}"
        with world.cast.play(maker).scope() as scope:
            group = add_group(scope=scope, name=f"打卡群 {place}", owner_id=world.cast.play(maker).person.pk)
        world.add("community.checkin_group", place, group.pk)
        world.add("community.draft_programme", place, draft_programme(world.cast, by=maker).pk)
        live = live_programme(
            world.cast, by=maker, reviewer=f"checker_{place}", proof="picture", looked="before",
            group_ids=[group.pk], **days,
        )  # fmt: skip
        world.add("community.programme", place, live.pk)
    for who, place in (("nb", "NB"), ("nb2", "C2"), ("sb", "SB")):
        player = world.cast.customers[who]
        branch = "NB" if place == "C2" else place
        group_id = world.ids["community.checkin_group"][branch]
        with world.cast.play(f"maker_{branch}").scope() as scope:
            add_member(
                scope=scope,
                group_id=group_id,
                customer_id=player.customer.pk,
                joined_at=AT - timedelta(days=30),
            )
        with customer_scope(customer_id=player.customer.pk, at=AT, cause="leaks") as scope:
            made = check_in(
                scope=scope, group_id=group_id, shown=Shown(picture=b"\xff\xd8\xff", text="存钱罐")
            )
        world.add("community.checkin", place, made.pk)
