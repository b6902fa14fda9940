"""Two years of plans under a simulated clock: groups are founded, members join, plans pause; the worker comes at any
time and stays away for weeks. Nothing is early, doubled or missed, and what is late is kept with its reason.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from campaigns.tenants.models import Assignment
from campaigns.tenants.scopes import system_scope
from community.groups.models import Group
from community.groups.services.groups import add_group, add_member
from community.plans.cards import Card
from community.plans.models import PlanRun, Post
from community.plans.rules import may_still_go
from community.plans.services.runs import apply_plan, pause_run, resume_run
from tests.community.plans.test_rules import QUIET, oracle, oracle_day
from tests.support.cast import AT, Cast
from tests.support.customers import anonymous
from tests.support.plans import live_plan, operator, swept

BEGINS = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)
SHANGHAI = "Asia/Shanghai"
EIGHT = timedelta(hours=8)


@dataclass
class Watched:
    """A group with its run, and from when to when it ran; who joined when."""

    group: Group
    run: PlanRun
    ran: list[list[datetime]]
    joined: dict[UUID, datetime] = field(default_factory=dict)

    def is_running(self, at: datetime) -> bool:
        return any(first <= at < until for first, until in self.ran)


def some_cards(dice: random.Random) -> list[Card]:
    """A plan as somebody might think it up: days of every kind, at any hour, holidays handled in any way."""
    days: list[dict[str, Any]] = [
        {"day": dice.randint(1, 60)},
        {"weekdays": sorted(dice.sample(range(1, 8), 2))},
        {"every": dice.randint(2, 9)},
        {"on": (date(2026, 1, 20) + timedelta(days=dice.randint(0, 400))).isoformat()},
        {"workdays": True},
        {"joined": dice.randint(0, 5)},
    ]
    return [
        Card(
            title=f"卡 {n}",
            day=day,
            at=time(dice.randint(0, 23), dice.choice([0, 30])),
            holiday=dice.choice(["post", "next", "previous", "skip"]),
            text=f"内容 {n}",
        )
        for n, day in enumerate(dice.sample(days[:4], 2) + days[4 + dice.randint(0, 1) :][:1])
    ]


def wanted(here: Watched, cards: list[Card], until: datetime) -> dict[tuple[UUID, Any], datetime]:
    """(card, day or member) -> when it is due, by the diary of test_rules, while the plan ran there."""
    found: dict[tuple[UUID, Any], datetime] = {}
    written = (until + EIGHT).date() + timedelta(days=30)
    for card in cards:
        if "joined" in card.day:
            for member, at in here.joined.items():
                zero = (at + EIGHT).date()
                for day, due in oracle(
                    {"day": card.day["joined"]}, card.holiday, card.at, zero, SHANGHAI, until=written
                ):
                    moment = max(due, _loud(at)) if due < at else due
                    if here.is_running(moment) and moment <= until:
                        found[card.id, member] = moment
                    assert day
            continue
        for day, due in oracle(dict(card.day), card.holiday, card.at, here.run.zero, SHANGHAI, until=written):
            if here.is_running(due) and due <= until:
                found[card.id, "once" if {"day", "on"} & set(card.day) else day] = due
    return found


def _loud(at: datetime) -> datetime:
    """The moment, or the next morning when it lies in the night."""
    local = at + EIGHT
    if local.hour >= 21:
        return datetime.combine(local.date() + timedelta(days=1), time(8), UTC) - EIGHT
    return datetime.combine(local.date(), time(8), UTC) - EIGHT if local.hour < 8 else at


def walk(cast: Cast, seed: int, days: int) -> int:
    """One walk; how many posts there were."""
    dice = random.Random(seed)
    operator(cast)
    with system_scope(at=AT, cause="test"):
        Assignment.objects.update(held_from=BEGINS - timedelta(days=40))
    plans = {}
    for _n in range(2):
        cards = some_cards(dice)
        plans[live_plan(cast, *cards, at=BEGINS, days=None, title=f"计划 {_n}").pk] = cards
    watched: list[Watched] = []
    sweeps: list[datetime] = []
    now, ends = BEGINS, BEGINS + timedelta(days=days)
    while now < ends:
        # Mostly every few hours; sometimes nobody looks for days, once for weeks.
        now += timedelta(hours=dice.choice([1, 3, 5, 8, 8, 12, 20, 70 if dice.random() < 0.2 else 9]))
        if dice.random() < 0.004:
            now += timedelta(days=dice.randint(10, 50))
        now = now.replace(minute=dice.randint(0, 59))
        if len(watched) < 5 and dice.random() < 0.05:
            watched.append(_begun(cast, now, dice.choice(list(plans)), dice))
        for here in watched:
            if len(here.joined) < 6 and dice.random() < 0.02:
                with system_scope(at=now, cause="test") as scope:
                    who = anonymous(scope, cast, "NB", uuid4().hex)
                    member = add_member(scope=scope, group_id=here.group.pk, customer_id=who)
                here.joined[member.pk] = now
            if dice.random() < 0.01:
                _pause_or_resume(cast, here, now)
        swept(now)
        sweeps.append(now)
    many = 0
    for here in watched:
        many += compare(here, plans[here.run.plan_id], sweeps)
    return many


def _begun(cast: Cast, now: datetime, plan_id: UUID, dice: random.Random) -> Watched:
    with system_scope(at=now, cause="test") as scope:
        group = add_group(
            scope=scope, name=f"群 {uuid4().hex[:6]}", owner_id=cast.nb_clerk.person.pk,
            branch_id=cast.branch["NB"].pk, founded_at=now - timedelta(days=dice.randint(0, 20)),
        )  # fmt: skip
    with cast.operator.scope(at=now) as scope:
        run = apply_plan(scope=scope, plan_id=plan_id, group_id=group.pk, from_founding=dice.random() < 0.5)
    return Watched(group, run, [[now, datetime.max.replace(tzinfo=UTC)]])


def _pause_or_resume(cast: Cast, here: Watched, now: datetime) -> None:
    with cast.operator.scope(at=now) as scope:
        if here.ran[-1][1].year == 9999:
            # What was due since the worker came last goes with the pause.
            pause_run(scope=scope, run_id=here.run.pk)
            here.ran[-1][1] = now
        else:
            resume_run(scope=scope, run_id=here.run.pk)
            here.ran.append([now, datetime.max.replace(tzinfo=UTC)])


def compare(here: Watched, cards: list[Card], sweeps: list[datetime]) -> int:
    """What is there is what was wanted: each once, decided by the first look after its moment, by the rule."""
    with system_scope(at=AT, cause="test"):
        rows = list(Post.objects.filter(run=here.run))
        made = {}
        for row in rows:
            what = row.member_id or ("once" if row.occasion == "once" else row.day)
            assert (row.card_id, what) not in made, "doubled"
            made[row.card_id, what] = row
    due = wanted(here, cards, sweeps[-1])
    lost = [first for first, _until in here.ran]
    for key, moment in due.items():
        look = next((at for at in sweeps if at >= moment), None)
        until = next(until for first, until in here.ran if first <= moment < until)
        if look is None or look >= until:
            continue  # paused, or the walk was over, before anybody looked
        row = made.pop(key, None)
        assert row is not None, f"missed: {key} of {moment}, looked for at {look}; ran {lost}"
        assert row.due_at == moment
        if may_still_go(due_at=moment, at=look, zone=SHANGHAI, quiet=QUIET):
            assert (row.state, row.opened_at) in (("due", look), ("refused", None)), row.why
            assert row.state == "due" or row.why == "cap"
        else:
            assert (row.state, row.why) == ("refused", "late")
    early = [row for row in made.values() if row.state != "planned" and row.why != "member_left"]
    assert not early, f"nobody wanted {[(row.title, row.day, row.due_at, row.state) for row in early]}"
    # What is planned lies ahead and is meant.
    for row in made.values():
        assert row.due_at > sweeps[-1]
        card = next(card for card in cards if card.id == row.card_id)
        assert row.member_id or card.holiday != "post" or oracle_day(dict(card.day), row.day, here.run.zero)
    return len(rows)


@pytest.mark.django_db
def test_half_a_year_of_two_plans_with_outages_and_pauses(cast: Cast) -> None:
    assert walk(cast, seed=7, days=180) > 40


@pytest.mark.proof
@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(8))
def test_two_years_of_plans(cast: Cast, seed: int) -> None:
    assert walk(cast, seed=seed, days=730) > 100
