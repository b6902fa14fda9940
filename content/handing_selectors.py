"""Questions about what is handed down: originals a branch may localise, and the local versions of one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from campaigns.approvals.selectors import Standing, standings
from campaigns.lib.refs import ref
from campaigns.lib.refusals import NotFound
from campaigns.tenants.scopes import Scope
from content.models import Item, LiveItem, Objection, Original


def current_originals(*, scope: Scope) -> QuerySet[Original]:
    """What may branches localise now: the originals whose revision is live, of the scope's branches and from above.

    Newest first.
    """
    live = LiveItem.objects.visible(scope).filter(
        item_id=OuterRef("item_id"), revision_id=OuterRef("revision_id"), shown_until__gt=scope.at
    )
    return Original.objects.visible(scope).filter(Exists(live)).select_related("branch")


def offered_to(*, scope: Scope) -> QuerySet[Original]:
    """What do the branches above the scope's own hand down for it to localise?"""
    return current_originals(scope=scope).filter(branch_id__in=scope.ancestors)


def original_in_view(*, scope: Scope, original_id: UUID) -> Original:
    """An original of the scope's branches or from above, an older one too; raises NotFound."""
    found = Original.objects.visible(scope).select_related("branch").filter(pk=original_id).first()
    if found is None:
        raise NotFound
    return found


def current_of(*, scope: Scope, item_id: UUID) -> Original | None:
    """The original of an item that is live now; None when it is not shown, or nothing of it is open any more."""
    return current_originals(scope=scope).filter(item_id=item_id).first()


@dataclass(frozen=True, slots=True)
class Drift:
    """How a local version stands to its original. `current` is None when that is not shown or opens nothing more;
    `objection` is the branch's to `current`.
    """

    basis: Original
    current: Original | None
    objection: Objection | None

    @property
    def is_behind(self) -> bool:
        return self.current is not None and self.current.pk != self.basis.pk

    @property
    def may_stay(self) -> bool:
        """It may be submitted as it is: nothing changed, or whoever handed it down agreed."""
        agreed = self.objection is not None and self.objection.answer == Objection.Answer.AGREED
        return self.current is not None and (not self.is_behind or agreed)


def drift_of(*, scope: Scope, item: Item) -> Drift:
    """How does this local version stand to its original? Two queries, and one for its basis."""
    basis = item.basis
    assert basis is not None
    current = current_of(scope=scope, item_id=basis.item_id)
    objection = None
    if current is not None and current.pk != basis.pk:
        objection = Objection.objects.within(scope).filter(item=item, original=current).first()
    return Drift(basis, current, objection)


@dataclass(frozen=True, slots=True)
class Version:
    """A local version as whoever handed the original down sees it. `live_basis` is None while nothing is live."""

    item: Item
    standing: Standing
    live_basis: UUID | None
    drift: Drift


def local_versions(*, scope: Scope, item_id: UUID) -> QuerySet[Item]:
    """The local versions of an item in the scope's branches, in the order of the tree."""
    return (
        Item.objects.within(scope)
        .filter(original_id=item_id)
        .select_related("branch", "basis", "asset")
        .order_by("branch_pos", "id")
    )


def versions_of(*, scope: Scope, item_id: UUID, rows: Collection[Item]) -> list[Version]:
    """How do these local versions of one item stand? A constant number of queries."""
    keys = [row.pk for row in rows]
    current = current_of(scope=scope, item_id=item_id)
    stand = standings(scope=scope, subjects=[ref("content.item", key) for key in keys])
    live = dict(LiveItem.objects.within(scope).filter(item_id__in=keys).values_list("item_id", "basis_id"))
    objections = {
        each.item_id: each
        for each in Objection.objects.within(scope).filter(item_id__in=keys, original=current)
    }
    return [
        Version(
            row,
            stand[ref("content.item", row.pk)],
            live.get(row.pk),
            Drift(row.basis, current, objections.get(row.pk)),
        )
        for row in rows
        if row.basis is not None
    ]


def open_objections(*, scope: Scope) -> QuerySet[Objection]:
    """Objections to originals of the scope's own branch that nobody has answered, the oldest first."""
    return (
        Objection.objects.within(scope)
        .filter(answer="", original__branch_id=scope.branch_id)
        .select_related("item", "branch", "original")
        .order_by("id")
    )


def objection_in_scope(*, scope: Scope, objection_id: UUID) -> Objection:
    """Raises NotFound."""
    found = Objection.objects.within(scope).select_related("item", "original").filter(pk=objection_id).first()
    if found is None:
        raise NotFound
    return found


def my_versions(*, scope: Scope, items: Collection[UUID]) -> Mapping[UUID, Item]:
    """original's item -> the local version of the scope's own branch."""
    rows = Item.objects.within(scope).filter(branch_id=scope.branch_id, original_id__in=items)
    return {row.original_id: row for row in rows.select_related("basis") if row.original_id is not None}
