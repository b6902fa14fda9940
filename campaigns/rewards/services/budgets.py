"""Budgets: asked for by one person, approved by another, named by batches."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from campaigns.audit.services import record
from campaigns.lib.constraints import violated
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.planning.selectors import campaign_in_scope
from campaigns.rewards.models import Budget, Funding, Payer
from campaigns.rewards.refusals.coupons import CampaignElsewhere
from campaigns.rewards.refusals.shares import BY_WORD, BudgetElsewhere, BudgetIsUnclear, FundingIsFixed
from campaigns.rewards.selectors.budgets import budget_in_scope
from campaigns.rewards.selectors.coupons import batch_in_scope
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import line_of


def add_budget(
    *,
    scope: Scope,
    name: str,
    valid_from: datetime,
    valid_until: datetime,
    asked_fen: int,
    campaign_id: UUID | None = None,
) -> Budget:
    """A new budget of the branch the scope stands at, of nothing until another person approves `asked_fen` (fen).

    The window (UTC, end exclusive) is when money can be reserved. Raises BudgetIsUnclear, CampaignElsewhere.
    """
    scope.demand("rewards.budget.add")
    _check(name, valid_from, valid_until, asked_fen)
    _check_campaign(scope, campaign_id)
    budget = Budget(
        branch_id=scope.branch_id,
        branch_pos=scope.branch_pos,
        name=name,
        campaign_id=campaign_id,
        valid_from=valid_from,
        valid_until=valid_until,
        asked_fen=asked_fen,
        asked_by_id=scope.person_id,
    )
    with connection.cursor() as cursor:
        # The serving role has no right to the columns of money, not even to write their zero.
        cursor.execute(
            "INSERT INTO rewards_budget (id, branch_id, branch_pos, name, campaign_id, valid_from, valid_until,"
            " asked_fen, asked_by_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [budget.pk, budget.branch_id, budget.branch_pos, name, campaign_id, valid_from, valid_until, asked_fen,
             scope.person_id],
        )  # fmt: skip
    _note(scope, budget, "rewards.budget.add", asked_fen=asked_fen)
    return budget_in_scope(scope=scope, budget_id=budget.pk)


def change_budget(
    *,
    scope: Scope,
    budget_id: UUID,
    name: str,
    valid_from: datetime,
    valid_until: datetime,
    asked_fen: int | None,
    campaign_id: UUID | None = None,
) -> Budget:
    """Change what a budget is called and its window, and ask for another total (fen); None asks for nothing.

    Raises NotFound, BudgetIsUnclear, CampaignElsewhere.
    """
    scope.demand("rewards.budget.change")
    budget = budget_in_scope(scope=scope, budget_id=budget_id)
    _check(name, valid_from, valid_until, asked_fen if asked_fen is not None else 1)
    if campaign_id != budget.campaign_id:
        _check_campaign(scope, campaign_id)
    Budget.objects.within(scope).filter(pk=budget_id).update(
        name=name,
        valid_from=valid_from,
        valid_until=valid_until,
        campaign_id=campaign_id,
        asked_fen=asked_fen,
        asked_by_id=scope.person_id if asked_fen is not None else budget.asked_by_id,
    )
    budget.refresh_from_db()
    _note(scope, budget, "rewards.budget.change", asked_fen=asked_fen)
    return budget


@transaction.atomic
def approve_budget(*, scope: Scope, budget_id: UUID, asked_fen: int) -> Budget:
    """Make what somebody else asked for (`asked_fen` as it was read, in fen) the budget's total.

    Raises NotFound, BudgetIsOwn, BudgetAskedAnew, BudgetBelowTaken.
    """
    scope.demand("rewards.budget.approve")
    with connection.cursor() as cursor:
        cursor.execute("SELECT approve_budget(%s, %s)", [budget_id, asked_fen])
        word = cursor.fetchone()[0]
    if word is not None:
        raise BY_WORD[word]
    budget = budget_in_scope(scope=scope, budget_id=budget_id)
    _note(scope, budget, "rewards.budget.approve", total_fen=asked_fen)
    return budget


@transaction.atomic
def fund_batch(*, scope: Scope, batch_id: UUID, payer: str, budget_id: UUID | None) -> None:
    """Name the budget that a batch draws on for one payer; None for none. Before anything is allotted.

    Raises NotFound, BudgetElsewhere, FundingIsFixed.
    """
    scope.demand("rewards.batch.change")
    batch = batch_in_scope(scope=scope, batch_id=batch_id)
    payer = Payer(payer)
    named = ""
    if budget_id is not None:
        try:
            budget = budget_in_scope(scope=scope, budget_id=budget_id)
        except NotFound as refusal:
            raise BudgetElsewhere from refusal
        if budget.campaign_id is not None and budget.campaign_id != batch.campaign_id:
            raise BudgetElsewhere
        # Whose money it is sees all that becomes of it: so it pays for its own branch's batches and those below.
        if budget.branch_id not in line_of(scope=scope, branch_id=batch.branch_id):
            raise BudgetElsewhere
        named = budget.name
    rows = Funding.objects.within(scope).filter(batch_id=batch_id, payer=payer)
    try:
        with transaction.atomic():
            if budget_id is None:
                rows.delete()
            elif not rows.update(budget_id=budget_id):
                Funding.objects.create(
                    batch_id=batch_id,
                    payer=payer,
                    budget_id=budget_id,
                    branch_id=batch.branch_id,
                    branch_pos=batch.branch_pos,
                )
    except IntegrityError as error:
        if violated(error) != "rewards_funding_is_fixed_while_allotted":
            raise
        raise FundingIsFixed from error
    record(
        scope=scope,
        verb="rewards.batch.fund",
        subject=ref("rewards.batch", batch.pk),
        subject_name=batch.title,
        branch_id=batch.branch_id,
        branch_pos=batch.branch_pos,
        payer=payer,
        budget=named,
    )


def settle_budgets(*, scope: Scope, limit: int = 500) -> int:
    """Free what redemptions of two days ago and before were worth less than their coupons; return how many.

    Any number of workers may run this together.
    """
    scope.demand("rewards.budget.settle")
    with connection.cursor() as cursor:
        cursor.execute("SELECT settle_budgets(%s)", [limit])
        return int(cursor.fetchone()[0])


def _check(name: str, valid_from: datetime, valid_until: datetime, asked_fen: int) -> None:
    if not name.strip() or asked_fen < 1 or valid_until <= valid_from:
        raise BudgetIsUnclear


def _check_campaign(scope: Scope, campaign_id: UUID | None) -> None:
    if campaign_id is None:
        return
    try:
        campaign_in_scope(scope=scope, campaign_id=campaign_id)
    except NotFound as refusal:
        raise CampaignElsewhere from refusal


def _note(scope: Scope, budget: Budget, verb: str, **detail: int | None) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("rewards.budget", budget.pk),
        subject_name=budget.name,
        branch_id=budget.branch_id,
        branch_pos=budget.branch_pos,
        **detail,
    )
