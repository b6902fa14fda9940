"""Plans in groups: applied, paused, resumed, stopped."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from campaigns.approvals.moves import broken
from campaigns.audit.services import record
from campaigns.jobs.models import Job
from campaigns.jobs.services.long import Asked, ask_many
from campaigns.lib.refs import read_ref, ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope
from community.groups.models import Group
from community.groups.refusals import GroupIsDissolved
from community.plans.models import LivePlan, PlanRun, Post
from community.plans.refusals import (
    KindDoesNotFit,
    NoGroups,
    PlanIsNotLive,
    PlanRunsThere,
    RunDoesNotFit,
    RunIsOver,
)
from community.plans.selectors import OPEN, groups_for_plan, plan_in_force, run_in_scope
from community.plans.services.laying import lay_runs
from community.plans.services.posts import take_back_posts

CODE = "community.planrun"
APPLY = "community.apply_plan"
State = PlanRun.State


@transaction.atomic
def apply_plan(
    *, scope: Scope, plan_id: UUID, group_id: UUID, starts_on: date | None = None, from_founding: bool = False
) -> PlanRun:
    """The plan runs in the group from now on. Day zero is the local day of the group's founding, or `starts_on`
    (today, when left out); what would have been due before now is not made up for.

    Raises NotFound (group), PlanIsNotLive, KindDoesNotFit, GroupIsDissolved, PlanRunsThere.
    """
    scope.demand("community.planrun.add")
    live = _in_force(scope, plan_id)
    group = (
        Group.objects.within(scope).select_for_update(no_key=True, of=("self",)).filter(pk=group_id).first()
    )
    if group is None or (not live.handed_down and live.branch_id != group.branch_id):
        raise NotFound
    if group.dissolved_at is not None:
        raise GroupIsDissolved
    if live.kind is not None and group.kind_id != live.kind_id:
        raise KindDoesNotFit(kind=live.kind.name)
    zone = ZoneInfo(group.branch.zone)
    today = scope.at.astimezone(zone).date()
    zero = group.founded_at.astimezone(zone).date() if from_founding else starts_on or today
    run = PlanRun(
        branch_id=group.branch_id,
        branch_pos=group.branch_pos,
        plan_id=plan_id,
        plan_title=live.title,
        group=group,
        zero=zero,
        counts_from=scope.at,
        lay_at=scope.at,
        laid_until=scope.at,
    )
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError as error:
        if broken(error) != "community_planrun_is_open_once_a_group":
            raise
        raise PlanRunsThere from error
    lay_runs(scope=scope, runs=[run])
    _note(scope, run, "community.planrun.add")
    run.refresh_from_db()
    return run


def apply_to_groups(
    *,
    scope: Scope,
    plan_id: UUID,
    branch_id: int | None = None,
    kinds: list[str] | None = None,
    starts_on: date | None = None,
    from_founding: bool = False,
) -> Job:
    """Have the plan applied to all groups that fit, as a long job. Raises PlanIsNotLive, NotFound (branch), NoGroups,
    and what `ask_many` refuses.
    """
    scope.demand("community.planrun.add")
    live = _in_force(scope, plan_id)
    groups = groups_for_plan(scope=scope, live=live, branch_id=branch_id, kinds=kinds or [])
    items = [
        Asked(ref("community.group", key), name) for key, name in groups.values_list("pk", "name")[:5_001]
    ]
    if not items:
        raise NoGroups
    args = {
        "plan": str(plan_id),
        "starts_on": starts_on.isoformat() if starts_on else "",
        "from_founding": from_founding,
    }
    return ask_many(scope=scope, kind=APPLY, items=items, args=args, title=live.title)


def apply_item(*, scope: Scope, item: Any, args: Mapping[str, Any]) -> PlanRun:
    """One group of such a job. Raises as `apply_plan`."""
    starts_on = date.fromisoformat(args["starts_on"]) if args.get("starts_on") else None
    return apply_plan(
        scope=scope,
        plan_id=UUID(args["plan"]),
        group_id=UUID(read_ref(item.subject).id),
        starts_on=starts_on,
        from_founding=bool(args.get("from_founding")),
    )


@transaction.atomic
def pause_run(*, scope: Scope, run_id: UUID) -> PlanRun:
    """Nothing more goes out there until it is resumed; tasks that were handed out stay. Raises NotFound, RunIsOver,
    RunDoesNotFit.
    """
    run = _locked(scope, run_id, "community.planrun.pause", State.RUNNING)
    _take_planned_away(scope, run)
    return _moved(scope, run, "community.planrun.pause", state=State.PAUSED)


@transaction.atomic
def resume_run(*, scope: Scope, run_id: UUID) -> PlanRun:
    """It goes on; what was due meanwhile is not made up for. Raises NotFound, RunIsOver, RunDoesNotFit."""
    run = _locked(scope, run_id, "community.planrun.pause", State.PAUSED)
    _moved(
        scope,
        run,
        "community.planrun.resume",
        state=State.RUNNING,
        counts_from=scope.at,
        lay_at=scope.at,
        laid_until=scope.at,
    )
    lay_runs(scope=scope, runs=[run])
    return run_in_scope(scope=scope, run_id=run_id)


@transaction.atomic
def stop_run(*, scope: Scope, run_id: UUID) -> PlanRun:
    """It is over in this group; open tasks are taken back. Raises NotFound, RunIsOver."""
    run = _locked(scope, run_id, "community.planrun.stop", *OPEN)
    _take_planned_away(scope, run)
    take_back_posts(
        scope=scope, posts=Post.objects.within(scope).filter(run=run, state=Post.State.DUE), why="run_stopped"
    )
    return _moved(scope, run, "community.planrun.stop", state=State.STOPPED, ended_at=scope.at)


def _in_force(scope: Scope, plan_id: UUID) -> LivePlan:
    try:
        return plan_in_force(scope=scope, plan_id=plan_id)
    except NotFound as refusal:
        raise PlanIsNotLive from refusal


def _locked(scope: Scope, run_id: UUID, verb: str, *states: str) -> PlanRun:
    scope.demand(verb)
    run_in_scope(scope=scope, run_id=run_id)
    run: PlanRun = (
        PlanRun.objects.within(scope)
        .select_for_update(no_key=True, of=("self",))
        .select_related("group")
        .get(pk=run_id)
    )
    if run.state not in OPEN:
        raise RunIsOver
    if run.state not in states:
        raise RunDoesNotFit
    return run


def _take_planned_away(scope: Scope, run: PlanRun) -> None:
    Post.objects.within(scope).filter(run=run, state=Post.State.PLANNED).delete()


def _moved(scope: Scope, run: PlanRun, verb: str, **values: Any) -> PlanRun:
    for name, value in values.items():
        setattr(run, name, value)
    run.save(update_fields=list(values))
    _note(scope, run, verb)
    return run


def _note(scope: Scope, run: PlanRun, verb: str) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref(CODE, run.pk),
        subject_name=str(run),
        branch_id=run.branch_id,
        branch_pos=run.branch_pos,
    )
