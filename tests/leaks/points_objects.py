"""The points room's things of tests/leaks/objects.py."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from campaigns.points.models import Household, Member
from campaigns.points.services.award_runs import finish_judging, judge_rows
from campaigns.points.services.awards import AwardTerms, ask_award, load_award
from campaigns.points.services.closing import close_ledger
from campaigns.points.services.desk import ask_adjustment, set_limit
from campaigns.points.services.extensions import ask_extension
from campaigns.points.services.mall import Receiver, order_good
from campaigns.points.services.postings import Accrual, accrue_points
from campaigns.points.services.tries import receive_prize, try_draw
from campaigns.tenants.scopes import system_scope
from tests.leaks.world import PLACES, World
from tests.support.cast import AT
from tests.support.draws import PICKUP, always, draft_draw, live_draw
from tests.support.mall import draft_good, earn, live_good
from tests.support.tiers import BASE, SILVER, draft_tiers, live_tiers, rated


def plant_mall(world: World) -> None:
    """At each place goods of its own; each customer has ordered some of them."""
    terms: dict[str, Any] = {"handed_down": False, "per_customer_limit": 30, "total": 100}
    for place in PLACES:
        people: dict[str, Any] = {"by": f"maker_{place}", "reviewer": f"checker_{place}"}
        world.add("points.draft", place, draft_good(world.cast, by=f"maker_{place}", **terms).pk)
        world.add("points.good", place, live_good(world.cast, **people, **terms).pk)
        pickup = live_good(world.cast, **people, **terms, kind="pickup")
        world.add("points.pickup_good", place, pickup.pk)
        world.add("points.cash_good", place, live_good(world.cast, **people, **terms, cash_fen=9_90).pk)
    for who, place in (("nb", "NB"), ("nb2", "C2"), ("sb", "SB")):
        player = world.cast.customers[who]
        branch = "NB" if place == "C2" else place
        earn(world.cast, player.customer.pk, 10_000)
        with player.scope() as scope:
            for kind, good in (("mallorder", "good"), ("pickup", "pickup_good"), ("unpaid", "cash_good")):
                made = order_good(
                    scope=scope,
                    good_id=world.ids[f"points.{good}"][branch],
                    points=100,
                    key=f"{who}-{kind}",
                    receiver=Receiver("王敏", "13800138000", "文三路 1 号"),
                )
                world.add(f"points.{kind}", place, made.pk)


def plant_draws(world: World) -> None:
    """At each place draws of its own; each customer has won what is picked up, and what is delivered."""
    terms: dict[str, Any] = {"handed_down": False, "price_points": 0}
    for place in PLACES:
        people: dict[str, Any] = {"by": f"maker_{place}", "reviewer": f"checker_{place}"}
        draft = draft_draw(world.cast, by=f"maker_{place}", prizes=always(PICKUP), **terms)
        world.add("points.draft_draw", place, draft.pk)
        draw = live_draw(world.cast, **people, prizes=always(PICKUP), **terms)
        world.add("points.draw", place, draw.pk)
        world.add("points.drawprize", place, draw.prizes.all()[0].pk)
        parcel = live_draw(world.cast, **people, prizes=always(replace(PICKUP, kind="parcel")), **terms)
        world.add("points.parcel_draw", place, parcel.pk)
    for who, place in (("nb", "NB"), ("nb2", "C2"), ("sb", "SB")):
        player = world.cast.customers[who]
        branch = "NB" if place == "C2" else place
        for kind, of in (("drawtry", "draw"), ("parceltry", "parcel_draw")):
            with player.scope() as scope:
                draw_id = world.ids[f"points.{of}"][branch]
                made = try_draw(scope=scope, draw_id=draw_id, points=0, key=f"{who}-{kind}")
                if kind == "parceltry":
                    home = Receiver("王敏", "13800138000", "文三路 1 号")
                    receive_prize(scope=scope, try_id=made.pk, receiver=home)
            world.add(f"points.{kind}", place, made.pk)


def plant_ledger(world: World) -> None:
    """At three branches: a customer with points, an adjustment that waits, a closed day, and a limit."""
    for place in ("N", "NB", "SB"):
        customer = world.ids["customers.customer"][place]
        own = world.cast.branch[place].pk
        with system_scope(at=AT, cause="leaks") as scope:
            [posted] = accrue_points(
                scope=scope,
                accruals=[Accrual(customer, 900, uuid4())],
                issuer_id=own,
                title="签到奖励",
            )
            assert posted is not None
        with world.cast.play(f"checker_{place}").scope() as scope:
            asked = ask_adjustment(scope=scope, customer_id=customer, points=7_000, reason="补发积分")
            closed = close_ledger(scope=scope, branch_id=own, period="day", day=AT.date() - timedelta(days=1))
        with world.makers["HO"].scope() as scope:
            limit = set_limit(scope=scope, branch_id=own, points=100)
        world.add("points.wallet", place, customer)
        world.add("points.movement", place, posted.movement_id)
        world.add("points.adjustment", place, asked.pk)
        world.add("points.ledgerclose", place, closed.pk)
        world.add("points.adjustlimit", place, limit.pk)
        _awards(world, place)
        with world.cast.play(f"maker_{place}").scope() as scope:
            asked_later = ask_extension(
                scope=scope, customer_id=customer, until=AT + timedelta(days=1_500), reason="客户住院延期"
            )
        world.add("points.extension", place, asked_later.pk)
        world.add("points.member", place, _member(world, place, customer))
    # A customer's own place; where no customer of the cast lives, the nearest one's.
    homes = {"NB": "nb", "C2": "nb2", "SB": "sb", "HO": "nb", "N": "nb", "S": "sb"}
    for place, who in homes.items():
        member = _member(world, "SB" if who == "sb" else "NB", world.cast.customers[who].customer.pk)
        world.add("points.housemate", place, member)


def _member(world: World, place: str, customer: UUID) -> UUID:
    branch = world.cast.branch[place]
    stands = {"branch_id": branch.pk, "branch_pos": branch.pos}
    with system_scope(at=AT, cause="leaks"):
        found = Member.objects.filter(customer_id=customer, until=None).first()
        if found is not None:
            return found.pk
        home = Household.objects.create(**stands, name="家庭", opened_at=AT)
        return Member.objects.create(
            **stands, customer_id=customer, household=home, evidence="出示户口簿", since=AT
        ).pk


def _awards(world: World, place: str) -> None:
    """One that was checked, one that waits for a second person, and one that is agreed to."""
    customer = world.ids["customers.customer"][place]
    for kind, points in (("judged_award", 500), ("award", 500), ("agreed_award", 1)):
        with world.cast.play(f"maker_{place}").scope() as scope:
            award = load_award(
                scope=scope,
                terms=AwardTerms(title="节日回馈", reason="节日回馈客户", each=points),
                file=BytesIO("客户号\nN-1\n".encode()),
                name="list.csv",
            )
            judge_rows(scope=scope, award=award, lines=[2], who=[customer], points=[points])
            finish_judging(scope=scope, award=award)
            if kind != "judged_award":
                ask_award(scope=scope, award_id=award.pk)
        world.add(f"points.{kind}", place, award.pk)


def plant_tiers(world: World) -> None:
    """At three branches a scheme in force and a customer in a tier; drafts at the others."""
    steps = (BASE, replace(SILVER, threshold=500))
    for place in PLACES:
        who: dict[str, Any] = {"by": f"maker_{place}", "tiers": steps}
        if place in ("HO", "S"):
            world.add("points.tiers", place, draft_tiers(world.cast, **who).pk)
            continue
        world.add("points.tiers", place, live_tiers(world.cast, reviewer=f"checker_{place}", **who).pk)
        customer = world.ids["customers.customer"][place]
        rated(customer, at=AT)
        world.add("points.customertier", place, customer)
