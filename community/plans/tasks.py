"""Sweeps of plans: what is to be laid, what is due, who is late. Each lot is a transaction of its own."""

from collections.abc import Callable
from datetime import timedelta

from campaigns.lib.clock import now
from campaigns.tenants.scopes import Scope, system_scope
from campaigns.tenants.tasks import scoped_task
from community.groups.wecom_settings import wecom
from community.plans.services import courier
from community.plans.services.laying import lay_due
from community.plans.services.reminders import remind_due
from community.plans.services.sending import send_due

AT_MOST = timedelta(minutes=2)


@scoped_task(name="community.send_posts", system=True, opens_itself=True)
def send_posts(*, scope: Scope) -> int:
    """Lay, then send, then remind; how many groups and posts it touched."""
    until = now() + AT_MOST
    return sum(_lots(act, lambda: now() < until) for act in (lay_due, send_due, remind_due))


@scoped_task(name=courier.TASK, system=True, opens_itself=True)
def ask_results(*, scope: Scope) -> int:
    """Ask WeCom what became of the posts that its owners were asked to send; how many results were news."""
    until = now() + AT_MOST
    return courier.ask_results(wecom=wecom(), clock=now, goes_on=lambda: now() < until)


def _lots(act: Callable[..., int], goes_on: Callable[[], bool]) -> int:
    many = 0
    while goes_on():
        with system_scope(at=now(), cause="community.send_posts") as opened:
            done = act(scope=opened)
        if not done:
            break
        many += done
    return many
