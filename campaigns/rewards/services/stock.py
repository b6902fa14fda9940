"""Allotting a batch's quota to branches, and drawing back what nobody claimed."""

from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q

from campaigns.audit.services import record
from campaigns.lib.ids import new_id
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.rewards.models import Batch, Stock
from campaigns.rewards.refusals import AboveQuota, BranchElsewhere, QuantityIsNotPositive, UnusedTooFew
from campaigns.rewards.rules import buckets_for, spread
from campaigns.rewards.selectors import batch_in_scope
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope
from campaigns.tenants.selectors import branch_in_scope

# `claimed` is not among the columns: staff have no grant to write it.
_INSERT = (
    "INSERT INTO rewards_stock (id, batch_id, branch_id, branch_pos, bucket, allotted)"
    " VALUES (%s, %s, %s, %s, %s, %s)"
)


@transaction.atomic
def allot_stock(*, scope: Scope, batch_id: UUID, branch_id: int, quantity: int) -> int:
    """Give a branch `quantity` more coupons of the batch's quota; return the branch's whole share.

    Raises NotFound, BranchElsewhere, QuantityIsNotPositive, and AboveQuota when all allotments together would
    pass the draft's quota or the approved one.
    """
    scope.demand("rewards.stock.allot")
    if quantity < 1:
        raise QuantityIsNotPositive
    batch, branch = _parties(scope, batch_id, branch_id)
    # The guard and the lock in one: allotments of a batch follow each other from here on.
    within = Q(allotted__lte=F("quota") - quantity) & (
        Q(approved_quota__isnull=True) | Q(allotted__lte=F("approved_quota") - quantity)
    )
    if not Batch.objects.within(scope).filter(within, pk=batch_id).update(allotted=F("allotted") + quantity):
        batch.refresh_from_db()
        quota = min(batch.quota, batch.approved_quota or batch.quota)
        raise AboveQuota(quota=quota, left=quota - batch.allotted)
    share = _give(scope, batch_id, branch, quantity)
    _note(scope, batch, branch, "rewards.stock.allot", quantity)
    return share


@transaction.atomic
def draw_back_stock(*, scope: Scope, batch_id: UUID, branch_id: int, quantity: int) -> int:
    """Take `quantity` unclaimed coupons back from a branch; return the branch's whole share left.

    Raises NotFound, BranchElsewhere, QuantityIsNotPositive, UnusedTooFew.
    """
    scope.demand("rewards.stock.allot")
    if quantity < 1:
        raise QuantityIsNotPositive
    batch, branch = _parties(scope, batch_id, branch_id)
    # Locked in the order of allotting: the batch, then the buckets by number.
    Batch.objects.within(scope).select_for_update(of=("self",)).get(pk=batch_id)
    left = _take(scope, batch_id, branch, quantity)
    Batch.objects.within(scope).filter(pk=batch_id).update(allotted=F("allotted") - quantity)
    _note(scope, batch, branch, "rewards.stock.draw_back", quantity)
    return left


def _buckets(scope: Scope, batch_id: UUID, branch: Branch) -> list[Stock]:
    """A branch's buckets of a batch, locked in their order."""
    return list(
        Stock.objects.within(scope)
        .select_for_update(of=("self",))
        .filter(batch_id=batch_id, branch_id=branch.pk)
        .order_by("bucket")
    )


def _give(scope: Scope, batch_id: UUID, branch: Branch, quantity: int) -> int:
    """Spread `quantity` more over the branch's buckets; its whole share then."""
    buckets = _buckets(scope, batch_id, branch)
    share = sum(bucket.allotted for bucket in buckets) + quantity
    wanted = max(buckets_for(share), len(buckets))
    held = [bucket.allotted for bucket in buckets] + [0] * (wanted - len(buckets))
    for number, more in enumerate(spread(quantity, held)):
        if number < len(buckets):
            if more:
                Stock.objects.filter(pk=buckets[number].pk).update(allotted=F("allotted") + more)
            continue
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [new_id(), batch_id, branch.pk, branch.pos, number, more])
    return share


def _take(scope: Scope, batch_id: UUID, branch: Branch, quantity: int) -> int:
    """Take `quantity` unclaimed ones out of the branch's buckets; its whole share left. Raises UnusedTooFew."""
    buckets = _buckets(scope, batch_id, branch)
    unused = sum(bucket.allotted - bucket.claimed for bucket in buckets)
    if unused < quantity:
        raise UnusedTooFew(unused=unused, quantity=quantity)
    left = quantity
    for bucket in sorted(buckets, key=lambda b: b.claimed - b.allotted):
        less = min(left, bucket.allotted - bucket.claimed)
        if less:
            Stock.objects.filter(pk=bucket.pk).update(allotted=F("allotted") - less)
            left -= less
    return sum(bucket.allotted for bucket in buckets) - quantity


def _parties(scope: Scope, batch_id: UUID, branch_id: int) -> tuple[Batch, Branch]:
    """The batch, and the branch it may go to: its own, or one below when it is for those."""
    batch = batch_in_scope(scope=scope, batch_id=batch_id)
    try:
        branch = branch_in_scope(scope=scope, branch_id=branch_id)
        own = branch_in_scope(scope=scope, branch_id=batch.branch_id)
    except NotFound as refusal:
        raise BranchElsewhere from refusal
    below = batch.handed_down and own.pos < branch.pos <= own.pos_end
    if branch.pk != own.pk and not below:
        raise BranchElsewhere
    return batch, branch


def _note(scope: Scope, batch: Batch, branch: Branch, verb: str, quantity: int) -> None:
    record(
        scope=scope,
        verb=verb,
        subject=ref("rewards.batch", batch.pk),
        subject_name=batch.title,
        branch_id=batch.branch_id,
        branch_pos=batch.branch_pos,
        to=branch.name,
        quantity=quantity,
    )
