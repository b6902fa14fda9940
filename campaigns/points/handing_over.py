"""Households, and rules that give points, when a branch closes. Wallets go with their customers; what was given, and
movements and entries, are history and stay.
"""

from django.db.models import QuerySet

from campaigns.points.models import Household, LiveRule, Rule
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope


def hand_over_households(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """Households registered at the branch are the successor's."""
    rows = Household.objects.within(scope).filter(branch=closed)
    return rows.update(branch=successor, branch_pos=successor.pos)


def hand_over_rules(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """Rules of the branch are the successor's from now on, live ones go on giving."""
    drafts = (
        Rule.objects.within(scope).filter(branch=closed).update(branch=successor, branch_pos=successor.pos)
    )
    LiveRule.objects.within(scope).filter(branch=closed).update(branch=successor, branch_pos=successor.pos)
    return drafts


def rules_open(*, scope: Scope) -> QuerySet[LiveRule]:
    """What a file that closes the branch would leave without an issuer."""
    return LiveRule.objects.within(scope)
