"""What the timetable calls. Each may run any number of times, side by side."""

from campaigns.customers.retention import let_go_of_what_is_old
from campaigns.customers.services.consents import let_come_of_age
from campaigns.customers.services.rights import complete_list
from campaigns.customers.services.tag_runs import ask_recompute
from campaigns.customers.services.tags import end_expired
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="customers.end_expired_tags", system=True)
def end_expired_tags(*, scope: Scope) -> int:
    """End tags whose days are over; how many."""
    return end_expired(scope=scope)


@scoped_task(name="customers.recompute_tags", system=True)
def recompute_tags(*, scope: Scope) -> bool:
    """Ask for the night's long job of scores and computed tags; whether there was none yet."""
    return ask_recompute(scope=scope) is not None


@scoped_task(name="customers.come_of_age", system=True)
def come_of_age(*, scope: Scope) -> int:
    """Note who is no longer under age."""
    return let_come_of_age(scope=scope)


@scoped_task(name="customers.let_go", system=True)
def let_go(*, scope: Scope) -> dict[str, int]:
    """Let go of what is older than its period, and complete the list of who was erased."""
    complete_list(scope=scope)
    return let_go_of_what_is_old(scope=scope)
