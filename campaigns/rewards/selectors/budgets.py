"""Questions about budgets and what moved them."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from campaigns.lib.refusals import NotFound
from campaigns.rewards.models import Batch, Budget, Funding, Movement, Reservation
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import line_of


def budgets_within(*, scope: Scope) -> QuerySet[Budget]:
    """Which budgets belong to the scope's branches? Newest first."""
    return Budget.objects.within(scope)


def budget_in_scope(*, scope: Scope, budget_id: UUID) -> Budget:
    """The budget; raises NotFound for a foreign and an absent one alike."""
    budget = budgets_within(scope=scope).filter(pk=budget_id).first()
    if budget is None:
        raise NotFound
    return budget


def budgets_for(*, scope: Scope, batch: Batch) -> QuerySet[Budget]:
    """Which budgets of the scope could this batch name now?"""
    rows = budgets_within(scope=scope).filter(
        valid_until__gt=scope.at, branch_id__in=line_of(scope=scope, branch_id=batch.branch_id)
    )
    return rows.filter(Q(campaign_id=None) | Q(campaign_id=batch.campaign_id))


def funding_of(*, scope: Scope, batch_id: UUID) -> dict[str, UUID]:
    """On which budget does the batch draw for each payer? Payers without one are missing."""
    rows = Funding.objects.within(scope).filter(batch_id=batch_id)
    return dict(rows.values_list("payer", "budget_id"))


def spent_from(*, budget_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How much of each budget is spent, in fen, at the branches the scope sees?"""
    rows = (
        Reservation.objects.filter(budget_id__in=list(budget_ids))
        .order_by()
        .values_list("budget_id")
        .annotate(Sum("spent_fen"))
    )
    return dict(rows)


def movements_of(*, scope: Scope, budget_id: UUID) -> QuerySet[Movement]:
    """What moved the budget, latest first?"""
    return Movement.objects.within(scope).filter(budget_id=budget_id).select_related("place")
