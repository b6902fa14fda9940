"""Sweeps of this room."""

from campaigns.customers.retention import let_go_of_what_is_old
from campaigns.customers.services.consents import let_come_of_age
from campaigns.customers.services.rights import complete_list
from campaigns.tenants.scopes import Scope
from campaigns.tenants.tasks import scoped_task


@scoped_task(name="customers.come_of_age", system=True)
def come_of_age(*, scope: Scope) -> int:
    """Note who is no longer under age."""
    return let_come_of_age(scope=scope)


@scoped_task(name="customers.let_go", system=True)
def let_go(*, scope: Scope) -> dict[str, int]:
    """Let go of what is older than its period, and complete the list of who was erased."""
    complete_list(scope=scope)
    return let_go_of_what_is_old(scope=scope)
