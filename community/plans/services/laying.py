"""Laying posts: what each group will get in the weeks ahead, as rows that calendars show and that wait for their time.

A plan in a group is looked at again once a day, and at once when its plan, its holidays or its members change. What is
laid there is compared with what should be: rows that are to be no more go, new ones come, and the unique key of run,
card and occasion lets nothing be made twice, whoever lays beside us.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from campaigns.lib.ids import new_id
from campaigns.tenants.scopes import Scope
from community.groups.models import Member
from community.plans.cards import Card
from community.plans.models import LivePlan, PlanRun, Post
from community.plans.rules import (
    Joining,
    Occurrence,
    ends_early,
    last_day,
    occurrences,
    occurrences_of_members,
)
from community.plans.selectors import Place, cards_for, changes_of, places_of, quiet_hours
from community.plans.services.posts import take_back_posts

# A month's page of the calendar is whole.
AHEAD = timedelta(days=35)
AGAIN = timedelta(days=1)
# However lately it was looked at: members that are synchronised late still get what was due in these days.
BACK = timedelta(days=2)
LOT = 200
# Nobody's D+n is due later than this after joining.
_LONGEST = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class _Laid:
    """A plan in a group, and what should be laid there."""

    run: PlanRun
    wanted: dict[tuple[UUID, str], tuple[Card, Occurrence]]
    cards: frozenset[UUID]
    has_members_days: bool
    state: str

    def keeps(self, row: Post, low: datetime) -> bool:
        """What lies before `low` was laid rightly and waits to be refused as too late; what a person moved stays."""
        if row.card_id not in self.cards:
            return False
        return row.is_moved or row.due_at < low or (row.card_id, row.occasion) in self.wanted


class _Days:
    """What many groups of a lot ask alike, worked out once: the cards of a plan, and the days of a card."""

    def __init__(self, scope: Scope) -> None:
        self._until = scope.at + AHEAD
        self._cards: dict[tuple[UUID, UUID | None], list[Card]] = {}
        self._found: dict[tuple[Any, ...], list[Occurrence]] = {}

    def cards(self, live: LivePlan, change: LivePlan | None) -> list[Card]:
        key = (live.pk, change.pk if change else None)
        if key not in self._cards:
            self._cards[key] = cards_for(live=live, change=change)
        return self._cards[key]

    def of(
        self, card: Card, *, zero: date, last: date | None, zone: str, first: datetime
    ) -> list[Occurrence]:
        # Two branches may have changed the same card in different ways; the objects live as long as this one.
        key = (id(card), zero, last, zone, first)
        if key not in self._found:
            self._found[key] = occurrences(
                card.day, card.at, card.holiday, zero=zero, last=last, zone=zone, quiet=quiet_hours(), first=first,
                until=self._until,
            )  # fmt: skip
        return self._found[key]


def lay_due(*, scope: Scope, limit: int = LOT) -> int:
    """Lay what is to be laid at the scope's moment, one lot; returns in how many groups it looked. Any number may do
    it side by side.
    """
    runs = list(
        PlanRun.objects.within(scope)
        .filter(state=PlanRun.State.RUNNING, lay_at__lte=scope.at)
        .order_by("lay_at", "id")
        .select_for_update(skip_locked=True, no_key=True, of=("self",))
        .select_related("group")[:limit]
    )
    lay_runs(scope=scope, runs=runs)
    return len(runs)


def lay_runs(*, scope: Scope, runs: Sequence[PlanRun]) -> None:
    """Make what is laid in these groups what should be. The rows of `runs` are locked, or new."""
    if not runs:
        return
    plans = {
        row.plan_id: row
        for row in LivePlan.objects.visible(scope).filter(plan_id__in={r.plan_id for r in runs})
    }
    changes = changes_of(scope=scope, plan_ids=list(plans))
    places = places_of(scope=scope, branch_ids=list({run.branch_id for run in runs}))
    joined = _joinings(scope, runs, plans)
    planned: dict[UUID, list[Post]] = {}
    for row in Post.objects.within(scope).filter(run__in=runs, state=Post.State.PLANNED):
        planned.setdefault(row.run_id, []).append(row)
    days = _Days(scope)
    gone: list[UUID] = []
    fresh: list[Post] = []
    shifted: list[Post] = []
    laid = []
    for run in runs:
        here = _laid(
            scope,
            run,
            plans.get(run.plan_id),
            changes,
            places[run.branch_id],
            joined.get(run.group_id, ()),
            days,
        )
        known = planned.get(run.pk, [])
        gone += [row.pk for row in known if not here.keeps(row, _low(scope, run))]
        for row in known:
            wanted = here.wanted.pop((row.card_id, row.occasion), None)
            if wanted is None or row.is_moved:
                continue
            card, each = wanted
            if (row.due_at, row.day, row.title) != (each.due_at, each.day, card.title):
                row.due_at, row.day, row.title = each.due_at, each.day, card.title
                shifted.append(row)
        # What was due before this look and is not there has been sent, refused, or never was meant.
        fresh += [_post(run, card, each) for card, each in here.wanted.values()]
        laid.append(here)
    planned_ones = Post.objects.within(scope).filter(pk__in=gone, state=Post.State.PLANNED)
    planned_ones._raw_delete(scope.using)
    for row in shifted:
        changed = {"due_at": row.due_at, "day": row.day, "title": row.title}
        Post.objects.within(scope).filter(pk=row.pk, state=Post.State.PLANNED, is_moved=False).update(
            **changed
        )
    Post.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=2_000)
    _write_runs(scope, laid)


def _laid(
    scope: Scope,
    run: PlanRun,
    live: LivePlan | None,
    changes: dict[UUID, dict[int, LivePlan]],
    place: Place,
    joinings: Iterable[tuple[UUID, datetime]],
    days: _Days,
) -> _Laid:
    if run.group.dissolved_at is not None:
        return _Laid(run, {}, frozenset(), False, PlanRun.State.STOPPED)
    if live is None:
        return _Laid(run, {}, frozenset(), run.has_members_days, PlanRun.State.RUNNING)
    if ends_early(members=run.group.member_count, end_members=live.end_members):
        return _Laid(run, {}, frozenset(), False, PlanRun.State.REACHED)
    own = changes.get(live.plan_id, {})
    change = next((own[branch] for branch in place.line if branch in own), None)
    where = ZoneInfo(place.zone)
    today = scope.at.astimezone(where).date()
    last = last_day(zero=run.zero, days=live.days, ends_on=live.ends_on)
    cards = days.cards(live, change)
    members = [Joining(key, at.astimezone(where).date(), at) for key, at in joinings]
    members = [each for each in members if each.day >= run.zero]
    wanted = {}
    for card in cards:
        for each in _due(scope, run, card, live, change, last, place.zone, members, days):
            wanted[card.id, each.occasion] = (card, each)
    # Two days after its last post: by then nothing of it can still have to be laid.
    is_over = last is not None and today > last and not wanted and not _has_planned(scope, run)
    state = PlanRun.State.ENDED if is_over else PlanRun.State.RUNNING
    keys = frozenset(card.id for card in cards)
    return _Laid(run, wanted, keys, any(card.is_for_members for card in cards), state)


def _low(scope: Scope, run: PlanRun) -> datetime:
    """From where on it is looked at: what was laid long ago, and what is long over, stays as it is."""
    return min(run.laid_until, scope.at - BACK)


def _due(
    scope: Scope, run: PlanRun, card: Card, live: LivePlan, change: LivePlan | None, last: date | None, zone: str,
    members: list[Joining], days: _Days,
) -> list[Occurrence]:  # fmt: skip
    """When this card is due in this group, as far as it is to be laid."""
    since = [run.counts_from, _low(scope, run)]
    since += [datetime.fromisoformat(copy.since[str(card.id)]) for copy in (live, change)
              if copy is not None and str(card.id) in copy.since]  # fmt: skip
    if not card.is_for_members:
        found = days.of(card, zero=run.zero, last=last, zone=zone, first=_low(scope, run))
        return [each for each in found if each.due_at >= max(since)]
    given: dict[str, Any] = {"last": last, "zone": zone, "quiet": quiet_hours()}
    given |= {"first": max(since), "until": scope.at + AHEAD}
    return occurrences_of_members(card.day, card.at, card.holiday, joinings=members, **given)


def _has_planned(scope: Scope, run: PlanRun) -> bool:
    return bool(Post.objects.within(scope).filter(run=run, state=Post.State.PLANNED).exists())


def _joinings(
    scope: Scope, runs: Sequence[PlanRun], plans: dict[UUID, LivePlan]
) -> dict[UUID, list[tuple[UUID, datetime]]]:
    """Who joined which of these groups lately and is still in, where a plan has days of members."""
    wanted = {
        run.group_id
        for run in runs
        if run.plan_id in plans and any("joined" in card["day"] for card in plans[run.plan_id].cards)
    }
    found: dict[UUID, list[tuple[UUID, datetime]]] = {}
    if wanted:
        rows = Member.objects.within(scope).filter(
            group_id__in=wanted, left_at=None, joined_at__gt=scope.at - _LONGEST
        )
        for group, member, at in rows.values_list("group_id", "id", "joined_at"):
            found.setdefault(group, []).append((member, at))
    return found


def _post(run: PlanRun, card: Card, each: Occurrence) -> Post:
    return Post(
        id=new_id(),
        branch_id=run.branch_id,
        branch_pos=run.branch_pos,
        run=run,
        group_id=run.group_id,
        member_id=each.member_id,
        card_id=card.id,
        occasion=each.occasion,
        title=card.title,
        day=each.day,
        due_at=each.due_at,
    )


def _write_runs(scope: Scope, laid: Sequence[_Laid]) -> None:
    """How each stands, and when it is looked at again: a statement for each different answer."""
    answers: dict[tuple[str, bool], list[UUID]] = {}
    for here in laid:
        answers.setdefault((here.state, here.has_members_days), []).append(here.run.pk)
    for (state, has_members_days), keys in answers.items():
        runs = PlanRun.objects.within(scope).filter(pk__in=keys)
        if state == PlanRun.State.RUNNING:
            runs.update(
                lay_at=scope.at + AGAIN, laid_until=scope.at + AHEAD, has_members_days=has_members_days
            )
        else:
            runs.update(state=state, ended_at=scope.at, lay_at=scope.at)
        if state == PlanRun.State.STOPPED:
            open_tasks = Post.objects.within(scope).filter(run__in=keys, state=Post.State.DUE)
            take_back_posts(scope=scope, posts=open_tasks, why="group_gone")
