"""Households when a branch closes. Wallets go with their customers; movements and entries are history and stay."""

from campaigns.points.models import Household
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope


def hand_over_households(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """Households registered at the branch are the successor's."""
    rows = Household.objects.within(scope).filter(branch=closed)
    return rows.update(branch=successor, branch_pos=successor.pos)
