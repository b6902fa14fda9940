"""What the timetable calls. Each may run any number of times, side by side."""

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
