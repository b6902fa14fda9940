"""Due work when a branch closes."""

from campaigns.jobs.due_models import Due
from campaigns.jobs.recurring_models import Recurring
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope


def hand_over_due(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """What is still to happen, and what was given up, is the successor's; what is over stays where it was."""
    place = {"branch": successor, "branch_pos": successor.pos}
    open_ = [Due.State.WAITING, Due.State.RUNNING, Due.State.DEAD]
    moved = Due.objects.within(scope).filter(branch=closed, state__in=open_).update(**place)
    return moved + Recurring.objects.within(scope).filter(branch=closed).update(**place)
