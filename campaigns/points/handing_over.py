"""Rules that give points when a branch closes. What they gave stays where it was given."""

from django.db.models import QuerySet

from campaigns.points.models import LiveRule, Rule
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope


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
