"""Batches and stock when a branch closes. Coupons and redemptions are history and stay where they are."""

from collections.abc import Mapping

from django.db import connection
from django.db.models import F, QuerySet

from campaigns.rewards.models import Batch, Budget, Cashier, Funding, LiveBatch, Merchant, Release, Stock
from campaigns.rewards.models.grants import GrantRule
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope


def hand_over_batches(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """Batches, budgets and rules of the branch are the successor's from now on, live ones stay claimable."""
    drafts = (
        Batch.objects.within(scope).filter(branch=closed).update(branch=successor, branch_pos=successor.pos)
    )
    for owned in (LiveBatch, Funding, Budget, GrantRule, Release):
        owned.objects.within(scope).filter(branch=closed).update(branch=successor, branch_pos=successor.pos)
    return drafts


def hand_over_merchants(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """Contracts with merchants are the successor's, and so are their cashiers. A code that the successor has already
    gets the closed branch's behind it.
    """
    rows = Merchant.objects.within(scope).filter(branch=closed)
    taken = Merchant.objects.within(scope).filter(branch=successor).values("code")
    for merchant in rows.filter(code__in=taken):
        merchant.code = f"{merchant.code[:20]}-{closed.code}"[:32]
        merchant.save(update_fields=["code"])
    Cashier.objects.within(scope).filter(branch=closed).update(branch=successor, branch_pos=successor.pos)
    return rows.update(branch=successor, branch_pos=successor.pos)


def hand_over_stock(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """Unclaimed shares go to the successor, or back to the batch where the successor may hold none of it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pass_on_stock(%s, %s)", [closed.pk, successor.pk])
        return int(cursor.fetchone()[0])


def rehang_shares(*, scope: Scope, places: Mapping[int, tuple[int, int]]) -> int:
    """The step of a move: nodes of quota hang where their branches stand now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rehang_shares(%s::int[])", [list(places)])
        return int(cursor.fetchone()[0])


def batches_issued(*, scope: Scope) -> QuerySet[Batch]:
    """What a file that closes the branch would leave without an issuer."""
    return Batch.objects.within(scope)


def stock_unclaimed(*, scope: Scope) -> QuerySet[Stock]:
    """Shares that nobody could claim any more, nor draw back."""
    return Stock.objects.within(scope).filter(allotted__gt=F("claimed"))
