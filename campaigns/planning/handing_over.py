"""Campaigns when a branch closes."""

from django.db.models import QuerySet

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


def campaigns_planned(*, scope: Scope) -> QuerySet[Campaign]:
    """What a file that closes the branch would leave without an owner."""
    return Campaign.objects.within(scope)
