"""Plans, runs and posts of tests/leaks/objects.py."""

from dataclasses import replace
from uuid import UUID, uuid4

from campaigns.tenants.scopes import system_scope
from community.groups.services.groups import add_group, add_member
from community.plans.models import PlanRun
from community.plans.services.runs import apply_plan, pause_run
from tests.leaks.world import PLACES, World
from tests.support.cast import AT
from tests.support.plans import HELLO, approve, draft_plan, local, posts_of, swept


def plant_plans(world: World) -> None:
    """At each place a plan in force and a draft, a group in which it runs, one in which it is paused, and tasks of the
    place's maker; customers are members of the group of their place.
    """
    for place in PLACES:
        maker = f"maker_{place}"
        cards = (replace(HELLO, id=uuid4()), replace(HELLO, id=uuid4(), title="第二条"))
        plan = draft_plan(world.cast, *cards, by=maker, handed_down=False)
        approve(world.cast, plan, by=maker, reviewer=f"checker_{place}")
        draft = draft_plan(world.cast, replace(HELLO, id=uuid4()), by=maker)
        world.add("community.plan", place, plan.pk)
        world.add("community.draft_plan", place, draft.pk)
        group = _group(world, place)
        world.add("community.group", place, group)
        for name, spare in (("planrun", group), ("paused", _group(world, place))):
            with world.cast.play(maker).scope() as scope:
                run = apply_plan(scope=scope, plan_id=plan.pk, group_id=spare)
                if name == "paused":
                    pause_run(scope=scope, run_id=run.pk)
            world.add(f"community.{name}", place, run.pk)
        # Groups to apply it to.
        _group(world, place)
    # A customer's own place; where no customer of the cast lives, the nearest one's.
    for who, place in (("nb", "NB"), ("sb", "SB")):
        with system_scope(at=AT, cause="leaks") as scope:
            add_member(
                scope=scope,
                group_id=world.ids["community.group"][place],
                customer_id=world.cast.customers[who].customer.pk,
            )
    with system_scope(at=AT, cause="leaks") as scope:
        group = _group(world, "NB")
        add_member(scope=scope, group_id=group, customer_id=world.cast.customers["nb2"].customer.pk)
    world.add("community.group", "C2", group)
    swept(local("2026-11-23 09:00"))
    for place in PLACES:
        first, second = posts_of(world.ids["community.group"][place], "due")
        world.add("community.post", place, first.pk)
        world.add("community.skipped", place, second.pk)
    with system_scope(at=AT, cause="leaks"):
        assert PlanRun.objects.exists()


def _group(world: World, place: str) -> UUID:
    owner = world.cast.play(f"maker_{place}").person
    with system_scope(at=AT, cause="leaks") as scope:
        return add_group(
            scope=scope,
            name=f"群 {uuid4().hex[:6]}",
            owner_id=owner.pk,
            branch_id=world.cast.branch[place].pk,
        ).pk
