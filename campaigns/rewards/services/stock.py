"""Allotting a batch's quota down the tree, drawing back what nobody claimed, and telling of shares nearly gone."""

from uuid import UUID

from django.db import connection, transaction

from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.notices.services import tell
from campaigns.rewards.models import Batch
from campaigns.rewards.refusals.coupons import AboveQuota, QuantityIsNotPositive, UnusedTooFew
from campaigns.rewards.refusals.shares import BY_WORD, ShareTooSmall
from campaigns.rewards.selectors.coupons import batch_in_scope, left_at_branch
from campaigns.rewards.selectors.shares import kept_at, titles_of, unclaimed_at
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope

# More than any batch can have; the database counts in 32 bits.
_MOST = 2_000_000_000


@transaction.atomic
def allot_stock(*, scope: Scope, batch_id: UUID, branch_id: int, quantity: int) -> int:
    """Give a branch below `quantity` more coupons of the batch to keep; return what it keeps then.

    They come out of the batch's own quota where the scope stands at the issuer or above, else out of what the scope's
    own branch keeps and nobody claimed; every branch on the way receives and gives on. Raises NotFound,
    BranchElsewhere, QuantityIsNotPositive, AboveQuota when all allotments together would pass the draft's quota or the
    approved one, ShareTooSmall, BudgetShort, BudgetClosed, AmountsWait.
    """
    scope.demand("rewards.stock.allot")
    _check(quantity)
    with connection.cursor() as cursor:
        cursor.execute("SELECT allot_stock(%s, %s, %s)", [batch_id, branch_id, quantity])
        word = cursor.fetchone()[0]
    if word == "above_quota":
        batch = batch_in_scope(scope=scope, batch_id=batch_id)
        quota = min(batch.quota, batch.approved_quota or batch.quota)
        raise AboveQuota(quota=quota, left=quota - batch.allotted)
    if word == "share_too_small":
        raise ShareTooSmall(
            branch=Branch.objects.get(pk=scope.branch_id).name,
            unused=left_at_branch(scope=scope, batch_ids=[batch_id]).get(batch_id, 0),
            quantity=quantity,
        )
    _heed(word)
    _note(scope, batch_id, branch_id, "rewards.stock.allot", quantity)
    return kept_at(batch_id=batch_id, branch_id=branch_id)


@transaction.atomic
def draw_back_stock(*, scope: Scope, batch_id: UUID, branch_id: int, quantity: int) -> int:
    """Take `quantity` unclaimed coupons back from what a branch keeps; return what it keeps then.

    They go back the way they came, to where `allot_stock` takes from. Raises NotFound, BranchElsewhere,
    QuantityIsNotPositive, UnusedTooFew.
    """
    scope.demand("rewards.stock.allot")
    _check(quantity)
    word, _moved = _draw_back(batch_id, branch_id, quantity)
    if word == "unused_too_few":
        unused = unclaimed_at(batch_id=batch_id, branch_id=branch_id)
        raise UnusedTooFew(unused=unused, quantity=quantity)
    _heed(word)
    _note(scope, batch_id, branch_id, "rewards.stock.draw_back", quantity)
    return kept_at(batch_id=batch_id, branch_id=branch_id)


@transaction.atomic
def draw_back_subtree(*, scope: Scope, batch_id: UUID, branch_id: int) -> int:
    """Take back all that nobody claimed of a branch and everything below it; return how many came.

    Raises NotFound, BranchElsewhere.
    """
    scope.demand("rewards.stock.allot")
    word, moved = _draw_back(batch_id, branch_id, None)
    _heed(word)
    if moved:
        _note(scope, batch_id, branch_id, "rewards.stock.draw_back", moved, with_all_below=True)
    return moved


@transaction.atomic
def tell_low_shares(*, scope: Scope) -> int:
    """Find branches of the scope whose share of a running batch is nearly gone, and tell who may allot there.

    Once for each fall: a node is marked until it has enough again. Returns how many fell. Any number of workers may run
    this together.
    """
    scope.demand("rewards.stock.watch")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM mark_low_shares()")
        fallen = cursor.fetchall()
    for share_id, _batch_id, branch_id, name, title, rest, people in fallen:
        tell(
            scope=scope,
            people=people,
            code="rewards.share_low",
            key=f"rewards.share_low:{share_id}:{scope.at:%Y%m%dT%H%M%S.%f}",
            subject=ref("rewards.share", share_id),
            branch_id=branch_id,
            title=title,
            branch=name,
            rest=f"{rest:,}",
        )
    return len(fallen)


def _check(quantity: int) -> None:
    if not 0 < quantity <= _MOST:
        raise QuantityIsNotPositive


def _draw_back(batch_id: UUID, branch_id: int, quantity: int | None) -> tuple[str | None, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM draw_back_stock(%s, %s, %s)", [batch_id, branch_id, quantity])
        word, moved = cursor.fetchone()
    return word, moved or 0


def _heed(word: str | None) -> None:
    if word is not None:
        raise BY_WORD[word]


def _note(scope: Scope, batch_id: UUID, branch_id: int, verb: str, quantity: int, **more: bool) -> None:
    """At the batch's branch, or where one stands below it: who passes quota on sees no more of the batch."""
    own = Batch.objects.within(scope).filter(pk=batch_id).first()
    title = own.title if own else titles_of(scope=scope, batch_ids=[batch_id]).get(batch_id, "")
    record(
        scope=scope,
        verb=verb,
        subject=ref("rewards.batch", batch_id),
        subject_name=title,
        branch_id=own.branch_id if own else None,
        branch_pos=own.branch_pos if own else None,
        to=Branch.objects.get(pk=branch_id).name,
        quantity=quantity,
        **more,
    )
