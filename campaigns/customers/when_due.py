"""Due rows of this room: each is one call of a service."""

from campaigns.customers.services import consents, copies, rights
from campaigns.jobs.due_models import Due
from campaigns.tenants.scopes import Scope


def renew_permissions(scope: Scope, due: Due) -> None:
    """A text that asks again has become valid."""
    consents.renew_permissions(scope=scope, due=due)


def write_copy(scope: Scope, due: Due) -> None:
    """A customer asked for a copy."""
    copies.write_copy(scope=scope, due=due)


def erase(scope: Scope, due: Due) -> None:
    """The day of an erasure has come."""
    rights.carry_out_erasure(scope=scope, due=due)
