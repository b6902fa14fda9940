"""Questions about a batch's quota down the tree."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from itertools import accumulate
from uuid import UUID

from django.db.models import Case, Count, F, Q, QuerySet, Sum, When, Window
from django.db.models.functions import RowNumber

from campaigns.lib.refusals import NotFound
from campaigns.rewards.models import Batch, Coupon, LiveBatch, Reservation, Share, Stock
from campaigns.tenants.models import Branch
from campaigns.tenants.scopes import Scope

# Children of one node that a page shows.
MOST_CHILDREN = 200


def shares_within(*, scope: Scope) -> QuerySet[Share]:
    """Which nodes of quota belong to the scope's branches?"""
    return Share.objects.within(scope)


def share_in_scope(*, scope: Scope, share_id: UUID) -> Share:
    """One node; raises NotFound for a foreign and an absent one alike."""
    share = shares_within(scope=scope).filter(pk=share_id).first()
    if share is None:
        raise NotFound
    return share


def kept_at(*, batch_id: UUID, branch_id: int) -> int:
    """How many coupons of the batch does a branch of the scope keep for itself, claimed or not?"""
    found = Share.objects.filter(batch_id=batch_id, branch_id=branch_id).values_list("kept", flat=True)
    return found.first() or 0


def unclaimed_at(*, batch_id: UUID, branch_id: int) -> int:
    """How many of those has nobody claimed?"""
    sums = Stock.objects.filter(batch_id=batch_id, branch_id=branch_id).aggregate(
        left=Sum(F("allotted") - F("claimed"), default=0)
    )
    return int(sums["left"])


def titles_of(*, scope: Scope, batch_ids: Collection[UUID]) -> dict[UUID, str]:
    """What are these batches called? Own drafts, and what is handed down; others are missing."""
    own = Batch.objects.within(scope).filter(pk__in=batch_ids).values_list("pk", "title")
    above = LiveBatch.objects.visible(scope).filter(batch_id__in=batch_ids).values_list("batch_id", "title")
    return dict(above) | dict(own)


@dataclass(frozen=True, slots=True)
class Node:
    """One branch of the tree as a page shows it. What was claimed, redeemed, reserved and spent (fen) is of the branch
    and all below it, so that at each node what is claimed and what is left make what it received.
    """

    share: Share
    name: str
    depth: int
    has_children: bool
    is_open: bool
    more: int
    toggles: str
    claimed: int
    redeemed: int
    reserved_fen: int
    spent_fen: int
    own_left: int

    @property
    def left(self) -> int:
        return self.share.received - self.claimed

    @property
    def is_low(self) -> bool:
        return self.share.low_since is not None or (self.share.kept > 0 and not self.own_left)


@dataclass(frozen=True, slots=True)
class Tree:
    """The nodes of one batch from the top of what the scope sees, those below shut ones left out."""

    nodes: list[Node]
    has_money: bool = False

    @property
    def top(self) -> Node | None:
        return self.nodes[0] if self.nodes else None


class _Sums:
    """Figures by position, and their sums over an interval of positions."""

    def __init__(self, rows: QuerySet, **figures: Sum | Count) -> None:
        found = list(rows.order_by("branch_pos").values_list("branch_pos").annotate(*figures.values()))
        self.places = [row[0] for row in found]
        self.upto = [
            dict(zip(figures, sums, strict=True))
            for sums in zip(
                *([0, *accumulate(column)] for column in list(zip(*found, strict=True))[1:]), strict=True
            )
        ] or [dict.fromkeys(figures, 0)]

    def of(self, name: str, lo: int, hi: int) -> int:
        first, last = bisect_left(self.places, lo), bisect_right(self.places, hi)
        return int(self.upto[last][name] - self.upto[first][name])


def tree_of(*, scope: Scope, batch_id: UUID, opened: Collection[int] = ()) -> Tree:
    """The quota's tree within the scope: its top, the children of the top, and those of each `opened` branch.

    Children of shut nodes are not read, and of one node no more than `MOST_CHILDREN`. Figures are read in one query a
    table, a row for each branch that has any.
    """
    rows = shares_within(scope=scope).filter(batch_id=batch_id)
    top = rows.filter(branch_id=scope.branch_id).first() or rows.order_by("branch_pos").first()
    if top is None:
        return Tree([])
    wide = {top.branch_id, *opened}
    children, more = _children(rows, top, wide)
    shown: list[tuple[Share, int]] = []

    def walk(share: Share, depth: int) -> None:
        shown.append((share, depth))
        for child in children.get(share.branch_id, ()):
            walk(child, depth + 1)

    walk(top, 0)
    ids = [share.branch_id for share, _depth in shown]
    branches = Branch.objects.in_bulk(ids)
    giving = set(rows.filter(giver_id__in=ids).order_by().values_list("giver_id", flat=True).distinct())
    stock = _Sums(
        Stock.objects.within(scope).filter(batch_id=batch_id),
        claimed=Sum("claimed"),
        allotted=Sum("allotted"),
    )
    coupons = _Sums(
        Coupon.objects.within(scope).filter(batch_id=batch_id, status="redeemed"), redeemed=Count("pk")
    )
    money = _Sums(
        Reservation.objects.within(scope).filter(batch_id=batch_id),
        reserved=Sum("reserved_fen"),
        spent=Sum("spent_fen"),
    )
    nodes = []
    for share, depth in shown:
        branch = branches[share.branch_id]
        # A branch that moved away hangs at the issuer still, who counts it.
        span = (scope.lo, scope.hi) if share.giver_id is None else (branch.pos, branch.pos_end)
        own = (branch.pos, branch.pos)
        nodes.append(
            Node(
                share=share,
                name=branch.name,
                depth=depth,
                has_children=branch.pk in giving,
                is_open=branch.pk in wide,
                more=more.get(branch.pk, 0),
                toggles=",".join(map(str, sorted((wide ^ {branch.pk}) - {top.branch_id}))),
                claimed=stock.of("claimed", *span),
                redeemed=coupons.of("redeemed", *span),
                reserved_fen=money.of("reserved", *span),
                spent_fen=money.of("spent", *span),
                own_left=stock.of("allotted", *own) - stock.of("claimed", *own),
            )
        )
    return Tree(nodes, has_money=bool(money.places))


def _children(
    rows: QuerySet[Share], top: Share, wide: Collection[int]
) -> tuple[dict[int, list[Share]], dict[int, int]]:
    """The children of each open node from the top down, and how many of a node's are left out; a query a level."""
    children: dict[int, list[Share]] = {}
    more: dict[int, int] = {}
    level = [top]
    while givers := [share.branch_id for share in level if share.branch_id in wide]:
        numbered = rows.filter(giver_id__in=givers).annotate(
            nth=Window(RowNumber(), partition_by="giver_id", order_by="branch_pos"),
            many=Window(Count("pk"), partition_by="giver_id"),
        )
        level = list(numbered.filter(nth__lte=MOST_CHILDREN).order_by("branch_pos"))
        for share in level:
            assert share.giver_id is not None
            children.setdefault(share.giver_id, []).append(share)
            more[share.giver_id] = max(share.many - MOST_CHILDREN, 0)  # type: ignore[attr-defined]
    return children, more


def branches_to_allot(*, scope: Scope, batch_id: UUID, words: str = "", limit: int = 300) -> list[Branch]:
    """To which open branches may the scope allot this batch? The nearest first; a piece of a name or code narrows."""
    batch = Batch.objects.within(scope).filter(pk=batch_id).values_list("branch_id", "handed_down").first()
    near = Case(*(When(level=level, then=nth) for nth, level in enumerate(Branch.Level.values)), default=9)
    rows = Branch.objects.filter(pos__range=(scope.lo, scope.hi), is_open=True).order_by(near, "pos")
    if batch is None:
        # Quota from above: what the own branch keeps goes to those below it.
        rows = rows.exclude(pk=scope.branch_id)
    else:
        issuer = Branch.objects.get(pk=batch[0])
        rows = rows.filter(pos__range=(issuer.pos, issuer.pos_end)) if batch[1] else rows.filter(pk=issuer.pk)
    if words:
        rows = rows.filter(Q(name__contains=words) | Q(code__istartswith=words))
    return list(rows[:limit])


@dataclass(frozen=True, slots=True)
class Low:
    """A branch's share of a batch that is nearly gone."""

    batch_id: UUID
    share_id: UUID
    title: str
    branch_name: str
    left: int
    allotted: int


def stock_running_low(*, scope: Scope, limit: int = 10) -> list[Low]:
    """Which branches have so little left of a batch that runs now that somebody was told? Latest first."""
    running = dict(
        LiveBatch.objects.visible(scope)
        .filter(claim_from__lte=scope.at, claim_until__gt=scope.at)
        .values_list("batch_id", "title")
    )
    rows = (
        shares_within(scope=scope)
        .filter(low_since__isnull=False, batch_id__in=running)
        .select_related("branch")
        .order_by("-low_since")[:limit]
    )
    return [
        Low(
            row.batch_id,
            row.pk,
            running[row.batch_id],
            row.branch.name,
            unclaimed_at(batch_id=row.batch_id, branch_id=row.branch_id),
            row.kept,
        )
        for row in rows
    ]
