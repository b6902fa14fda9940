"""Sweeps of groups. Each may run any number of times, side by side."""

from datetime import timedelta

from campaigns.lib.clock import now
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.tasks import scoped_task
from community.groups.refusals import SyncGoesOn
from community.groups.services import healths, join_ways, syncs
from community.groups.wecom_settings import wecom

# Then others get their turn, and the timetable comes again.
AT_MOST = timedelta(seconds=50)


@scoped_task(name=syncs.TASK, system=True, opens_itself=True)
def sync_groups(*, scope: Scope) -> int:
    """Go on with the run that is asked for, and fetch the group chats that are due; how many were written."""
    until = now() + AT_MOST
    return syncs.sync_groups(wecom=wecom(), clock=now, goes_on=lambda: now() < until)


@scoped_task(name="community.ask_sync", system=True)
def ask_sync(*, scope: Scope) -> bool:
    """Ask for the nightly run; whether none was under way. Without WeCom nothing is asked for."""
    if not wecom().is_configured:
        return False
    try:
        syncs.ask_sync(scope=scope)
    except SyncGoesOn:
        return False
    return True


@scoped_task(name=join_ways.TASK, system=True, opens_itself=True)
def make_join_ways(*, scope: Scope) -> int:
    """Have WeCom make the QRs that entry codes wait for; how many."""
    return join_ways.make_join_ways(wecom=wecom(), clock=now)


@scoped_task(name="community.tell_full_codes", system=True)
def tell_full_codes(*, scope: Scope) -> int:
    """Tell of entry codes whose last group is nearly full; of how many."""
    return join_ways.tell_full_codes(scope=scope)


@scoped_task(name=healths.TASK, system=True, opens_itself=True)
def judge_groups(*, scope: Scope) -> int:
    """Fetch what WeCom counted yesterday, then look at every group; of how many owners there were figures."""
    many = healths.fetch_figures(wecom=wecom(), clock=now)
    after = None
    while True:
        with system_scope(at=now(), cause=healths.TASK) as opened:
            after = healths.judge_groups(scope=opened, after=after)
            if after is None:
                healths.forget_healths(scope=opened)
                return many
