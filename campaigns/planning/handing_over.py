"""Campaigns when a branch closes."""

from campaigns.planning.models import Campaign
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope


def hand_over_campaigns(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """Every campaign becomes the successor's: past ones too, since batches and items speak of them."""
    return (
        Campaign.objects.within(scope)
        .filter(branch=closed)
        .update(branch=successor, branch_pos=successor.pos)
    )
