"""Questions about a batch's quota down the tree."""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum

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


@dataclass(slots=True)
class Node:
    """One branch of the tree as a page shows it; money in fen. `left`: kept and not claimed."""

    share: Share
    name: str
    depth: int
    has_children: bool
    is_open: bool
    claimed: int = 0
    redeemed: int = 0
    reserved_fen: int = 0
    spent_fen: int = 0
    more: int = 0
    toggles: str = ""

    @property
    def left(self) -> int:
        return self.share.kept - self.claimed

    @property
    def is_low(self) -> bool:
        return self.share.kept > 0 and (self.share.low_since is not None or not self.left)


@dataclass(slots=True)
class Tree:
    """The nodes of one batch from the top of what the scope sees, those below shut ones left out."""

    nodes: list[Node] = field(default_factory=list)
    has_money: bool = False

    @property
    def top(self) -> Node | None:
        return self.nodes[0] if self.nodes else None


def tree_of(*, scope: Scope, batch_id: UUID, opened: Collection[int] = ()) -> Tree:
    """The quota's tree within the scope: its top, the children of the top, and those of each `opened` branch.

    A dozen queries at most for each level that is open, whatever the number of branches: children of shut nodes are not
    read, and of one node no more than `MOST_CHILDREN`.
    """
    rows = shares_within(scope=scope).filter(batch_id=batch_id)
    tops = list(rows.filter(branch_id=scope.branch_id)) or list(rows.order_by("branch_pos")[:1])
    tree = Tree()
    if not tops:
        return tree
    top = tops[0]
    is_open = {top.branch_id, *opened}
    children: dict[int, list[Share]] = {}
    level, more = [top], dict[int, int]()
    while givers := [share.branch_id for share in level if share.branch_id in is_open]:
        level = []
        for giver in givers:
            found = list(rows.filter(giver_id=giver).order_by("branch_pos")[: MOST_CHILDREN + 1])
            if len(found) > MOST_CHILDREN:
                more[giver] = rows.filter(giver_id=giver).count() - MOST_CHILDREN
            children[giver] = found[:MOST_CHILDREN]
            level += children[giver]
    shown: list[tuple[Share, int]] = []

    def walk(share: Share, depth: int) -> None:
        shown.append((share, depth))
        for child in children.get(share.branch_id, ()):
            walk(child, depth + 1)

    walk(top, 0)
    ids = [share.branch_id for share, _depth in shown]
    names = dict(Branch.objects.filter(pk__in=ids).values_list("pk", "name"))
    giving = set(rows.filter(giver_id__in=ids).order_by().values_list("giver_id", flat=True).distinct())
    claimed = _sums(Stock.objects.within(scope).filter(batch_id=batch_id, branch_id__in=ids), Sum("claimed"))
    redeemed = _sums(
        Coupon.objects.within(scope).filter(batch_id=batch_id, branch_id__in=ids, status="redeemed"),
        Count("pk"),
    )
    money = {
        branch: (reserved, spent)
        for branch, reserved, spent in Reservation.objects.within(scope)
        .filter(batch_id=batch_id, branch_id__in=ids)
        .order_by()
        .values_list("branch_id")
        .annotate(Sum("reserved_fen"), Sum("spent_fen"))
    }
    tree.has_money = bool(money)
    for share, depth in shown:
        key = share.branch_id
        toggled = sorted((is_open ^ {key}) - {top.branch_id})
        tree.nodes.append(
            Node(
                share=share,
                name=names.get(key, ""),
                depth=depth,
                has_children=key in giving,
                is_open=key in is_open,
                claimed=claimed.get(key, 0),
                redeemed=redeemed.get(key, 0),
                reserved_fen=money.get(key, (0, 0))[0],
                spent_fen=money.get(key, (0, 0))[1],
                more=more.get(key, 0),
                toggles=",".join(map(str, toggled)),
            )
        )
    return tree


def _sums(rows: QuerySet, figure: Sum | Count) -> dict[int, int]:
    return dict(rows.order_by().values_list("branch_id").annotate(figure))


def branches_to_allot(*, scope: Scope, batch_id: UUID, words: str = "", limit: int = 300) -> list[Branch]:
    """To which open branches may the scope allot this batch? The nearest first; a piece of a name or code narrows."""
    batch = Batch.objects.within(scope).filter(pk=batch_id).values_list("branch_id", "handed_down").first()
    rows = Branch.objects.filter(pos__range=(scope.lo, scope.hi), is_open=True).order_by("pos")
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
