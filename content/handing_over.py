"""Content when a branch closes or its editor leaves."""

from django.db.models import Model, QuerySet

from campaigns.tenants.models import Branch, Person
from campaigns.tenants.scopes import Scope
from content.models import Asset, Editing, Item, LiveItem, LivePlacement, Objection, Original, Placement

# Pictures stay: the successor sees them below, and the same bytes may be its own already.
_RUNNING: tuple[type[Model], ...] = (Item, Placement, LiveItem, LivePlacement, Original, Objection)


def hand_over_content(*, scope: Scope, closed: Branch, successor: Branch) -> int:
    """Items and placements become the successor's, and what is live stays live there. Nobody edits them just now."""
    Editing._default_manager.filter(branch=closed).delete()
    return sum(
        model._default_manager.filter(branch=closed).update(branch=successor, branch_pos=successor.pos)
        for model in _RUNNING
    )


def hand_over_drafts(*, scope: Scope, person: Person, successor: Person) -> int:
    """What somebody who leaves worked on last, or answers for, is on the successor's desk.

    History keeps who wrote what.
    """
    return sum(
        model.objects.within(scope)
        .filter(author_id=person.pk)
        .update(author_id=successor.pk, author_name=successor.name)
        for model in (Item, Placement)
    ) + Asset.objects.within(scope).filter(owner_id=person.pk).update(owner_id=successor.pk)


def items_made(*, scope: Scope) -> QuerySet[Item]:
    """What a file that closes the branch would leave without an owner; placements show items of their branch."""
    return Item.objects.within(scope)
